import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { LLM_SCORERS, type LlmScorer } from '#lib/score/llm-scorers.ts';
import { scorerSchema, verdictsSchema, type Verdict } from '#lib/score/schema.ts';
import { forAttempt } from '#gpu-worker/score/for-attempt.ts';
import { completionsOf } from '#gpu-worker/score/read-prompts.ts';
import { loadExamples } from './load-examples.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import { corpusFrequency, runScorers } from './run-scorers.ts';
import { localScoresAgain } from './score-local.ts';
import { reserveExamples } from './reserve-exam.ts';
import { reserveScores } from './score-explanation.ts';
import type { NewScore } from './score-rows.ts';
import { examFor, maxActivations } from './scorer-sittings.ts';
import type { WorkerServices } from './services.ts';

/** How far a number may move and still agree: what a language model says twice differs by a window or two in a hundred, arithmetic by nothing. */
export const RERUN_TOLERANCE = { asked: 0.02, computed: 1e-6 };

/** A score beside what the same exam gives now. */
export interface ScoreRerun {
  id: string;
  scorer: string;
  metric: string;
  latent: number;
  /** Whether what is asked is the same to the letter; null for scores that ask nobody. */
  sameExam: boolean | null;
  /** What differs where it is not, a sentence each. */
  differences: string[];
  then: { value: number | null; lower: number | null; upper: number | null; failure: string | null; model: string | null };
  now: { value: number | null; lower: number | null; upper: number | null; failure: string | null; model: string | null };
  tolerance: number;
  /** Whether the values lie within the tolerance, or neither is there. */
  agrees: boolean;
  /** Of the windows that had a verdict both times, those with the same one; null where there are none to compare. */
  verdicts: { same: number; of: number } | null;
  calls: number;
  tokensIn: number | null;
  tokensOut: number | null;
}

const rowSchema = z.object({
  id: z.string(),
  coderId: z.string(),
  latent: z.number().int(),
  runId: z.string(),
  explanationId: z.string().nullable(),
  explanation: z.string().nullable(),
  scorer: scorerSchema,
  metric: z.string(),
  value: z.number().nullable(),
  lower: z.number().nullable(),
  upper: z.number().nullable(),
  failure: z.string().nullable(),
  verdicts: verdictsSchema,
  exam: z.enum(['test', 'reserve']),
  inputKey: z.string(),
  provenance: z.looseObject({
    promptsHash: z.string().optional(),
    model: z.string().optional(),
    endpoint: z.string().optional(),
    template: z.string().optional(),
    embedder: z.string().optional(),
  }),
});
type Row = z.infer<typeof rowSchema>;

/**
 * Takes a score again from the exam it was taken on, past every stored answer, and says whether its number agrees. Nothing
 * is stored; calls to a language model are paid for. Scores that ask nobody are computed again from the stored vectors and
 * rows.
 *
 * @param tolerance how far the value may move; by default .02 where a model is asked and 1e-6 where it is computed
 * @throws AppError `not_found` for an unknown score, `unsupported` for one whose exam is gone
 */
export async function rerunScore(
  services: WorkerServices,
  id: string,
  { tolerance }: { tolerance?: number } = {},
  signal = new AbortController().signal,
): Promise<ScoreRerun> {
  const row = await loadRow(services.pool, id);
  const run = await loadRun(services.pool, row.runId);
  const scorer = LLM_SCORERS.find((name) => name === row.scorer);
  const within = tolerance ?? (scorer === undefined ? RERUN_TOLERANCE.computed : RERUN_TOLERANCE.asked);
  const again = scorer === undefined ? await computedAgain(services, run, row, signal) : await askedAgain(services, run, row, scorer, signal);
  const { value, lower, upper, failure, provenance } = row;
  return {
    ...{ id, scorer: row.scorer, metric: row.metric, latent: row.latent, tolerance: within },
    then: { value, lower, upper, failure, model: provenance.model ?? null },
    ...again.view,
    agrees: value === null || again.view.now.value === null ? value === again.view.now.value : Math.abs(value - again.view.now.value) <= within,
    verdicts: sameVerdicts(row.verdicts, again.verdicts),
  };
}

interface Again {
  view: Pick<ScoreRerun, 'sameExam' | 'differences' | 'now' | 'calls' | 'tokensIn' | 'tokensOut'>;
  verdicts: readonly Verdict[];
}

async function loadRow(pool: Pool, id: string): Promise<Row> {
  const { rows } = await pool.query(
    `SELECT s.id::text, s.coder_id::text AS "coderId", s.latent_index AS latent, s.run_id::text AS "runId", s.explanation_id::text AS "explanationId",
            x.text AS explanation, s.scorer, s.metric, s.value, s.lower, s.upper, s.failure, s.verdicts, s.exam, s.input_key AS "inputKey", s.provenance
       FROM scores s LEFT JOIN explanations x ON x.coder_id = s.coder_id AND x.id = s.explanation_id WHERE s.id = $1`,
    [id],
  );
  if (rows.length === 0)
    throw new AppError('not_found', `There is no score ${id}: a latent's JSON names them, and so does the address of its verdicts.`, { field: 'id' });
  return rowSchema.parse(rows[0]);
}

async function askedAgain(services: WorkerServices, run: RunFacts, row: Row, name: LlmScorer, signal: AbortSignal): Promise<Again> {
  const [scorer] = await runScorers({ run, frequency: () => corpusFrequency(services, run) }, [name]);
  if (scorer === undefined) throw new AppError('internal', `No scorer was made for ${name}.`);
  const examples =
    row.exam === 'reserve'
      ? await reserveExamples(services, run, row.latent, signal)
      : (await loadExamples(services.pool, run.coderId, requireFact(run, 'sampleKey'), [row.latent])).get(row.latent)?.examples;
  const peaks = await maxActivations(services.pool, run, [row.latent]);
  const { latentExam, shortfall } = examFor(run, row.latent, examples ?? [], peaks.get(row.latent) ?? 0, row.exam);
  if (shortfall !== null) throw new AppError('unsupported', `Score ${row.id} cannot be taken again. ${shortfall}`, { field: 'id' });
  const text = row.explanation ?? '';
  const hash = scorer.examHash(latentExam, text);
  const judge = scorer.needs === 'chat' ? requireChat(services) : completionsOf(services);
  const chat =
    scorer.needs === 'chat' ? forAttempt(requireChat(services), { purpose: `rerun.${name}`, attempt: 0, seed: run.config.seed, bypass: true }) : null;
  const result = await scorer.score(latentExam, text, { chat, completions: services.completions, embed: null }, signal);
  const { model, endpoint, template, promptsHash } = row.provenance;
  const sameExam = hash === promptsHash;
  return {
    view: {
      sameExam,
      differences: [
        ...(sameExam
          ? []
          : [
              template === scorer.template
                ? 'The windows that takedowns left, or how the run asks, have changed.'
                : `The prompt was ${template ?? 'unknown'}, and is ${scorer.template} now.`,
            ]),
        ...(model === judge.model ? [] : [`It was judged by ${model ?? 'an unknown model'}, and now by ${judge.model}.`]),
        ...(endpoint === undefined || endpoint === judge.endpoint ? [] : [`The endpoint was ${endpoint}, and is ${judge.endpoint} now.`]),
      ],
      now: { value: result.value, lower: result.interval?.low ?? null, upper: result.interval?.high ?? null, failure: result.failure, model: judge.model },
      calls: result.usage.calls,
      tokensIn: result.usage.tokensIn,
      tokensOut: result.usage.tokensOut,
    },
    verdicts: result.verdicts,
  };
}

async function computedAgain(services: WorkerServices, run: RunFacts, row: Row, signal: AbortSignal): Promise<Again> {
  const scores: NewScore[] =
    row.exam === 'reserve' && row.explanationId !== null
      ? (await reserveScores(services, row.explanationId, ['embedding'], signal)).scores
      : await localScoresAgain(services, run, row.latent);
  const score = scores.find(({ scorer, explanationId }) => scorer === row.scorer && String(explanationId) === row.explanationId);
  if (score === undefined)
    throw new AppError('unsupported', `Score ${row.id} cannot be taken again: its explanation, or the vectors it was taken from, are not there any more.`, {
      field: 'id',
    });
  return {
    view: {
      sameExam: null,
      differences: computedDifferences(row, score),
      now: { value: score.value, lower: score.interval?.low ?? null, upper: score.interval?.high ?? null, failure: score.failure, model: null },
      ...{ calls: 0, tokensIn: 0, tokensOut: 0 },
    },
    verdicts: score.verdicts,
  };
}

function computedDifferences({ inputKey, provenance: { embedder } }: Row, now: NewScore): string[] {
  const current = now.provenance['embedder'];
  if (embedder !== undefined && embedder !== current) return [`It was measured by ${embedder}, and now by ${String(current)}.`];
  return inputKey === now.inputKey ? [] : ['What it is computed from has changed: how, on which windows, or beside which other explanations.'];
}

/** Verdicts that were right, or ranked, the same way both times. */
function sameVerdicts(then: readonly Verdict[], now: readonly Verdict[]): ScoreRerun['verdicts'] {
  const earlier = new Map(then.map((verdict, i) => [`${verdict.row}:${verdict.start}:${i}`, verdict]));
  const pairs = now.flatMap((verdict, i) => {
    const twin = earlier.get(`${verdict.row}:${verdict.start}:${i}`);
    return twin === undefined || twin.right === null || verdict.right === null ? [] : [twin.right === verdict.right];
  });
  return pairs.length === 0 ? null : { same: pairs.filter(Boolean).length, of: pairs.length };
}

/** The report for a person. */
export function scoreReportLines(result: ScoreRerun): string[] {
  const { then, now, differences, sameExam, agrees, tolerance, verdicts } = result;
  const figure = ({ value, lower, upper, failure }: ScoreRerun['now']): string =>
    value === null
      ? `none: ${failure ?? 'no reason given'}`
      : `${value.toFixed(4)}${lower === null || upper === null ? '' : ` (${lower.toFixed(4)} to ${upper.toFixed(4)})`}`;
  return [
    `Score ${result.id} of latent ${result.latent}: ${result.scorer}, ${result.metric}${then.model === null ? '' : `, by ${then.model}`}.`,
    `  then: ${figure(then)}`,
    `  now:  ${figure(now)}`,
    ...(sameExam === true ? ['  The exam is the same to the letter.'] : sameExam === false ? ['  The exam is not the same.'] : []),
    ...differences.map((sentence) => `  ${sentence}`),
    ...(verdicts === null ? [] : [`  ${verdicts.same} of ${verdicts.of} verdicts are the same.`]),
    ...(result.calls > 0 ? [`  ${result.calls} calls, ${result.tokensIn ?? '?'} tokens in, ${result.tokensOut ?? '?'} out.`] : []),
    `They ${agrees ? 'agree' : 'do not agree'} within ${tolerance}.`,
  ];
}
