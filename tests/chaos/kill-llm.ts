import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { BOSS_SCHEMA } from '#platform/queue/boss.ts';
import { rngFor } from '#lib/random/rng.ts';
import type { Stage } from '#lib/run/schema.ts';
import type { ChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import { startOracle } from '#tests/planted/oracle-endpoint.ts';
import { type Digest, digestTables, printComparison } from './digest-tables.ts';
import { withDisposableRun } from './disposable-run.ts';

/**
 * Makes one run that explains and scores by a language model undisturbed, and the same run with the worker killed (SIGKILL)
 * again and again while it asks; compares what both left in the database, and reads the endpoint's log for prompts that
 * were answered twice. `npm run chaos:llm -- [kills = 20] [seed = 0] [tokens = 200000]`. Exit status 0 when all rows agree,
 * every kill was made and no prompt was answered twice.
 *
 * An answer that was still on its way when the worker died, sent and not yet stored, is lost to everybody: such prompts
 * are counted by themselves, and there can be no more of them than calls at once for each kill.
 */
const [kills, seed, tokens] = [2, 3, 4].map((at, i) => Number(process.argv[at] ?? [20, 0, 200_000][i])) as [number, number, number];
const TIME_LIMIT_MS = 60 * 60_000;
/** The endpoint's, for an answer: long enough that kills fall into calls. */
const LATENCY_MS = 150;
const SLOTS = 8;
/** From the last byte that the endpoint sends to the commit of the answer, with room for a busy machine. */
const ON_ITS_WAY_MS = 500;
/** A task is given up when its worker ends four times in a row; after so many times it is left to be finished. */
const MOST_ENDED = 3;
const LLM_STAGES: readonly Stage[] = ['explain', 'score'];

// What depends on the clock or on who asked first stays out; prompts, answers and figures do not.
const TABLES = {
  explanations: `SELECT latent_index, method, explainer, text, input_key,
                        provenance - ARRAY['durationMs', 'raw', 'cost', 'calls', 'tokensIn', 'tokensOut', 'tokensCached'] AS provenance
                   FROM explanations ORDER BY latent_index, method`,
  scores: `SELECT latent_index, scorer, metric, value, lower, upper, control_value, control_lower, control_upper, n_positives, n_negatives, n_failed, exam,
                  verdicts, input_key FROM scores ORDER BY latent_index, scorer`,
  requests: `SELECT encode(hash, 'hex') AS hash, model, purpose, tokens_in, tokens_out, finish_reason, answered_at IS NOT NULL AS answered
               FROM llm_requests ORDER BY hash`,
};

interface Outcome {
  seconds: number;
  killed: Record<string, number>;
  /** When each kill was made, as `performance.now()` says. */
  moments: number[];
  digests: Record<string, Digest>;
  usage: { calls: number; tokens: number };
}

/** A prompt answered to its last byte. */
interface Answered {
  prompt: string;
  at: number;
}

async function makeRun(name: string, port: number, endpoint: ChatEndpoint, wanted: number): Promise<Outcome> {
  const environment = { LLM_BASE_URL: endpoint.baseUrl, LLM_MODEL: endpoint.model, LLM_SLOTS: String(SLOTS) };
  const config = {
    coder: 'layers.2-2k',
    tokens,
    latents: { first: 400 },
    // Fewer calls a task, so that it ends before it has been killed too often.
    itemsPerPrompt: 20,
    explainers: ['default' as const],
    scorers: ['detection' as const, 'fuzzing' as const],
    negatives: ['random' as const],
  };
  return withDisposableRun({ name, port, config, environment }, async ({ database, startWorker, state }) => {
    const rng = rngFor(seed, 'kill-llm', 'moments');
    const begun = performance.now();
    let worker = startWorker();
    const moments: number[] = [];
    const killed: Record<string, number> = {};
    // A quarter in explaining, which is one call a latent.
    const due = (stage: Stage): number => (stage === 'explain' ? Math.floor(wanted / 4) : wanted) - moments.length;
    for (;;) {
      if (performance.now() - begun > TIME_LIMIT_MS) throw new Error(`the run ${name} took more than ${TIME_LIMIT_MS / 60_000} minutes`);
      const { finished, stage } = await state();
      if (finished) break;
      if (stage !== null && LLM_STAGES.includes(stage) && due(stage) > 0 && (await mostEnded(database.pool)) < MOST_ENDED) {
        // Only when it has asked something, else the kill shows nothing; then at a random moment of its calls.
        const before = endpoint.calls.length;
        while (endpoint.calls.length === before && !(await state()).finished) await delay(10);
        await delay(rng.int(stage === 'explain' ? 300 : 1500));
        // A task may have been taken anew meanwhile.
        if ((await mostEnded(database.pool)) >= MOST_ENDED) continue;
        worker.kill('SIGKILL');
        moments.push(performance.now());
        killed[stage] = (killed[stage] ?? 0) + 1;
        process.stdout.write(`kill ${moments.length} of ${wanted}, in ${stage}, ${endpoint.calls.length} calls\n`);
        worker = startWorker();
      }
      await delay(20);
    }
    const { rows } = await database.pool.query<{ calls: number; tokens: number }>(
      'SELECT coalesce(sum(calls), 0)::int AS calls, coalesce(sum(tokens_in + tokens_out), 0)::int AS tokens FROM llm_run_usage',
    );
    return { seconds: (performance.now() - begun) / 1000, killed, moments, digests: await digestTables(database.pool, TABLES), usage: rows[0]! };
  });
}

/** How often the worker of a task under way has ended in its middle, of the task in which it ended most often. */
async function mostEnded(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ most: number }>(
    `SELECT coalesce(max(greatest(j.retry_count, t.fence - 1)), 0) AS most
       FROM run_tasks t JOIN ${BOSS_SCHEMA}.job j ON j.id = t.boss_job_id WHERE t.completed_at IS NULL`,
  );
  return rows[0]!.most;
}

const answered: Answered[] = [];
const endpoint = await startOracle({
  misbehave: () => ({ kind: 'slow', ms: LATENCY_MS }),
  onAnswered: ({ body }) => {
    const { messages, ...rest } = body;
    const prompt = createHash('sha256')
      .update(JSON.stringify([messages, rest]))
      .digest('hex');
    answered.push({ prompt, at: performance.now() });
  },
});
const undisturbed = await makeRun('undisturbed', 3941, endpoint, 0);
const first = answered.splice(0);
process.stdout.write(`undisturbed: ${undisturbed.seconds.toFixed(0)} s, ${first.length} answers\n`);
if (first.length === 0) throw new Error(`nothing was asked: ${tokens} tokens give no latent evidence enough; give more`);
const disturbed = await makeRun('disturbed', 3942, endpoint, kills);
await endpoint.close();

const byPrompt = new Map<string, number[]>();
for (const { prompt, at } of answered) byPrompt.set(prompt, [...(byPrompt.get(prompt) ?? []), at]);
let [twice, lost] = [0, 0];
for (const moments of byPrompt.values()) {
  for (const at of moments.slice(0, -1)) {
    if (disturbed.moments.some((kill) => at <= kill && kill - at < ON_ITS_WAY_MS)) lost++;
    else twice++;
  }
}
const prompts = new Set(first.map(({ prompt }) => prompt));
const missing = [...prompts].filter((prompt) => !byPrompt.has(prompt)).length;
const others = [...byPrompt.keys()].filter((prompt) => !prompts.has(prompt)).length;
const equal = printComparison(undisturbed.digests, disturbed.digests);
const made = disturbed.moments.length;
process.stdout.write(
  [
    `undisturbed ${undisturbed.seconds.toFixed(0)} s, ${first.length} answers to ${prompts.size} prompts, ${undisturbed.usage.calls} calls counted`,
    `killed ${made} times (${Object.entries(disturbed.killed)
      .map(([stage, count]) => `${count} in ${stage}`)
      .join(', ')}): ${disturbed.seconds.toFixed(0)} s, ${answered.length} answers to ${byPrompt.size} prompts, ${disturbed.usage.calls} calls counted`,
    `${twice} prompts answered twice; ${lost} whose answer was on its way when the worker died and that were asked again; ${missing} never asked, ${others} asked that the undisturbed run did not ask`,
    '',
  ].join('\n'),
);
process.exitCode = equal && made >= kills && twice === 0 && missing === 0 && others === 0 && lost <= SLOTS * made ? 0 : 1;
