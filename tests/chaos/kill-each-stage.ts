import { setTimeout as delay } from 'node:timers/promises';
import { STAGES, type Stage } from '#lib/run/schema.ts';
import { type Digest, digestTables, printComparison } from './digest-tables.ts';
import { withDisposableRun } from './disposable-run.ts';

/**
 * Makes one run undisturbed and the same run with the worker killed (SIGKILL) once in each stage, and compares what
 * both left in the database. `npm run chaos` reads as much text as the demo, of the narrow coder; `npm run chaos --
 * 300000` less of it, which must still be enough for explanations and scores. Exit status 0 when every row agrees, no
 * table is empty and every stage was caught.
 */
const TIME_LIMIT_MS = 30 * 60_000;
const tokens = Number(process.argv[2] ?? 524_288);

const TABLES = {
  latents: `SELECT index, status, firing_count, frequency, max_activation, mean_activation, histogram, train_windows, test_windows, train_documents,
                   test_documents, sample_key, headline_text, headline_method, headline_score, headline_score_lower FROM latents ORDER BY index`,
  latent_profiles: 'SELECT latent_index, profile_key, profile FROM latent_profiles ORDER BY latent_index',
  example_blobs: 'SELECT latent_index, sample_key, blob, document_keys FROM example_blobs ORDER BY latent_index',
  explanations: 'SELECT latent_index, method, explainer, text, rule, provenance, input_key FROM explanations ORDER BY latent_index, method',
  scores: `SELECT latent_index, scorer, metric, value, lower, upper, control_value, control_lower, control_upper, n_positives, n_negatives, n_failed, exam,
                  verdicts, input_key FROM scores ORDER BY latent_index, scorer`,
  search_entries: 'SELECT latent_index, text, method, score, score_lower, frequency, vector FROM search_entries ORDER BY latent_index',
};

interface Outcome {
  seconds: number;
  kills: Stage[];
  digests: Record<string, Digest>;
}

const makeRun = (name: string, port: number, killIn: readonly Stage[]): Promise<Outcome> =>
  withDisposableRun({ name, port, config: { coder: 'layers.2-2k', tokens } }, async ({ database, startWorker, state }) => {
    const begun = Date.now();
    let worker = startWorker();
    const kills: Stage[] = [];
    for (;;) {
      if (Date.now() - begun > TIME_LIMIT_MS) throw new Error(`the run ${name} took more than ${TIME_LIMIT_MS / 60_000} minutes`);
      const { finished, stage } = await state();
      if (finished) break;
      if (stage && killIn.includes(stage) && !kills.includes(stage)) {
        kills.push(stage);
        worker.kill('SIGKILL');
        worker = startWorker();
      }
      await delay(50);
    }
    return { seconds: (Date.now() - begun) / 1000, kills, digests: await digestTables(database.pool, TABLES) };
  });

const undisturbed = await makeRun('undisturbed', 3931, []);
const disturbed = await makeRun('disturbed', 3932, STAGES);
const caught = disturbed.kills.length === STAGES.length;
if (!caught) process.stdout.write(`killed only in ${disturbed.kills.join(', ')}: the run was too short to be caught in every stage\n`);
const equal = printComparison(undisturbed.digests, disturbed.digests);
process.stdout.write(`undisturbed ${undisturbed.seconds.toFixed(0)} s; killed in ${disturbed.kills.join(', ')}: ${disturbed.seconds.toFixed(0)} s\n`);
process.exitCode = caught && equal ? 0 : 1;
