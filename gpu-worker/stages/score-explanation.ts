import { setMaxListeners } from 'node:events';
import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import type { LlmScorer } from '#lib/score/llm-scorers.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { chatForRun } from '#gpu-worker/llm/chat-for-run.ts';
import { embeddingFigures } from '#gpu-worker/score/embedding/embedding-score.ts';
import { examFrom } from '#gpu-worker/score/exam.ts';
import { forAttempt } from '#gpu-worker/score/for-attempt.ts';
import { completionsOf } from '#gpu-worker/score/read-prompts.ts';
import { transaction } from '#platform/database/transaction.ts';
import { reserveExamples } from './reserve-exam.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import { corpusFrequency, runScorers } from './run-scorers.ts';
import { insertScores, type NewScore } from './score-rows.ts';
import { scoreOf, shortScore } from './scorer-scores.ts';
import { examFor, inputKeyOf, maxActivations, type Sitting } from './scorer-sittings.ts';
import type { WorkerServices } from './services.ts';

/** Explanations whose author may have seen the page: they sit the sealed reserve. */
const AFTER_PUBLICATION: readonly string[] = ['human', 'imported'];

const rowSchema = z.object({
  id: z.string(),
  latent: z.number().int(),
  runId: z.string(),
  method: z.string(),
  text: z.string(),
  inputKey: z.string(),
  provenance: z.looseObject({ exam: z.enum(['test', 'reserve']).optional() }),
});
type Row = z.infer<typeof rowSchema>;

export interface ExplanationScored {
  id: string;
  latent: number;
  scores: Pick<NewScore, 'scorer' | 'metric' | 'value' | 'interval' | 'nPositives' | 'nNegatives' | 'nFailed' | 'failure'>[];
}

/**
 * Scores one explanation that was entered, imported or made after the page was public, on the sealed reserve. The same exam is
 * not stored twice.
 *
 * @throws AppError `not_found` for an unknown explanation or when the run's store is gone, `bad_request` for no scorer and
 *   for a run's own explanation
 */
export async function scoreExplanation(
  services: WorkerServices,
  id: string,
  scorers: readonly ('embedding' | Exclude<LlmScorer, 'intruder'>)[],
  signal = new AbortController().signal,
): Promise<ExplanationScored> {
  if (scorers.length === 0) throw new AppError('bad_request', 'Name at least one scorer, such as embedding or detection.', { field: 'scorers' });
  const row = await loadRow(services.pool, id);
  const run = await loadRun(services.pool, row.runId);
  if (row.provenance.exam !== 'reserve' && !AFTER_PUBLICATION.includes(row.method))
    throw new AppError(
      'bad_request',
      `Explanation ${id} was made by run ${row.runId}, which scores it with its controls: start a run with the scorers you want; what is known is not done again.`,
      {
        field: 'id',
      },
    );
  setMaxListeners(0, signal);
  const examples = await reserveExamples(services, run, row.latent, signal);
  const peak = (await maxActivations(services.pool, run, [row.latent])).get(row.latent) ?? 0;
  const exam = examFor(run, row.latent, examples, peak, 'reserve');
  const asked = scorers.filter((name) => name !== 'embedding');
  const scores = [
    ...(scorers.includes('embedding') ? [await embeddingOf(services, run, row, exam)] : []),
    ...(await askedOf(services, run, row, exam, asked, signal)),
  ];
  await transaction(services.pool, (client) => insertScores(client, scores));
  return { id, latent: row.latent, scores };
}

async function loadRow(pool: Pool, id: string): Promise<Row> {
  const { rows } = await pool.query(
    'SELECT id::text, latent_index AS latent, run_id::text AS "runId", method, text, input_key AS "inputKey", provenance FROM explanations WHERE id = $1',
    [id],
  );
  if (rows.length === 0) throw new AppError('not_found', `There is no explanation ${id}: a latent's page calls it its version.`, { field: 'id' });
  return rowSchema.parse(rows[0]);
}

type ExamOfOne = Pick<Sitting, 'latentExam' | 'controlExam' | 'shortfall'>;

const NO_CONTROL = 'Explanations that are scored by themselves have none.';

async function askedOf(
  services: WorkerServices,
  run: RunFacts,
  row: Row,
  exam: ExamOfOne,
  names: readonly LlmScorer[],
  signal: AbortSignal,
): Promise<NewScore[]> {
  const scorers = await runScorers({ run, frequency: () => corpusFrequency(services, run) }, names);
  return Promise.all(
    scorers.map(async (scorer) => {
      const chat = scorer.needs === 'chat' ? chatForRun(services, run) : null;
      const judge = chat ?? completionsOf(services);
      const explanation = { id: BigInt(row.id), latent: row.latent, method: row.method, text: row.text, rule: null, inputKey: row.inputKey };
      const examHash = scorer.examHash(exam.latentExam, row.text);
      const inputKey = inputKeyOf(run, judge, scorer, explanation, examHash);
      const sitting: Sitting = {
        ...exam,
        scorer,
        judge,
        latent: row.latent,
        explanation,
        control: null,
        controlMissing: NO_CONTROL,
        examHash,
        inputKey,
        controlKey: null,
      };
      if (exam.shortfall !== null) return shortScore(run, sitting);
      const asking = {
        chat: chat && forAttempt(chat, { purpose: `score.${scorer.name}`, attempt: 0, seed: run.config.seed }),
        completions: services.completions,
        embed: null,
      };
      return scoreOf(run, { sitting, result: await scorer.score(exam.latentExam, row.text, asking, signal) }, null, null);
    }),
  );
}

/** The windows are embedded here: those of the reserve are in no index, which would unseal them. */
async function embeddingOf(services: WorkerServices, run: RunFacts, row: Row, { latentExam, shortfall }: ExamOfOne): Promise<NewScore> {
  const embedder = await services.embedder();
  const { seed } = run.config;
  const classes = NEGATIVE_CLASSES.filter((name) => name !== 'similar' || run.results.similarEmbedder !== embedder.id);
  const exam = examFrom(latentExam.exam.windows.filter(({ kind }) => kind === 'activating' || classes.includes(kind)));
  const [own, windows] = await Promise.all([embedder.embed([row.text], 'query'), embedder.embed(exam.windows.map(({ tokens }) => tokens.join('')))]);
  const vectors = exam.windows.map((_, i) => windows.subarray(i * embedder.dimensions, (i + 1) * embedder.dimensions));
  const { parts, ...figures } = embeddingFigures({ ...latentExam, exam }, own, vectors);
  const failed = shortfall === null ? {} : { value: null, interval: null, failure: shortfall };
  return {
    ...{ coderId: run.coderId, latentIndex: row.latent, explanationId: BigInt(row.id), runId: run.id, scorer: 'embedding', metric: 'auroc' },
    ...figures,
    ...failed,
    control: null,
    parts: { ...parts, blank: null, lift: null, failures: {}, chance: 0.5 },
    exam: 'reserve',
    provenance: { sampleKey: requireFact(run, 'sampleKey'), embedder: embedder.id, controlMissing: NO_CONTROL, seed },
    inputKey: contentKey({
      version: ALGORITHM_VERSIONS.localScores,
      explanation: row.inputKey,
      sample: requireFact(run, 'sampleKey'),
      embedder: embedder.id,
      exam: 'reserve',
      windows: exam.windows.map(({ row: of, start }) => `${of}:${start}`),
      seed,
    }),
  };
}
