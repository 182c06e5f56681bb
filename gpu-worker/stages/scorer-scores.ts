import type { Pool } from 'pg';
import { rngFor } from '#lib/random/rng.ts';
import { codeVersion } from '#platform/code-version.ts';
import { scoreFiguresSchema, verdictsSchema, type ScoreFigures, type Verdict } from '#lib/score/schema.ts';
import { CONTROL_SHARES } from '#gpu-worker/score/control.ts';
import { BASELINE_METHOD, liftOver } from '#gpu-worker/score/lift.ts';
import type { ScoreResult } from '#gpu-worker/score/scorer.ts';
import { failedScore, NO_PARTS } from './failed-score.ts';
import { requireFact, type RunFacts } from './run-facts.ts';
import type { NewScore } from './score-rows.ts';
import { failedKey, type Sitting } from './scorer-sittings.ts';

/** An exam that was sat. */
export interface Sat {
  sitting: Sitting;
  result: ScoreResult;
}

/** The same exam by another latent's explanation and by none. */
export interface Controls {
  other: ScoreResult;
  blank: ScoreResult;
}

/** What every score of a sitting has, whatever came out. */
function baseOf(run: RunFacts, { scorer, judge, latent, explanation, examHash, controlMissing, latentExam }: Sitting) {
  return {
    coderId: run.coderId,
    latentIndex: latent,
    explanationId: explanation?.id ?? null,
    runId: run.id,
    scorer: scorer.name,
    metric: scorer.metric,
    exam: examSide(latentExam.exam.windows),
    provenance: {
      code: codeVersion(),
      sampleKey: requireFact(run, 'sampleKey'),
      template: scorer.template,
      promptsHash: examHash,
      model: judge.model,
      endpoint: judge.endpoint,
      ...scorer.parameters,
      seed: run.config.seed,
      controlShare: CONTROL_SHARES[run.config.detectionControl],
      controlMissing,
    },
  };
}

const examSide = (windows: Sitting['latentExam']['exam']['windows']): 'test' | 'reserve' => (windows[0]?.split === 'reserve' ? 'reserve' : 'test');

/** The score of an exam that was not sat. Its key is the exam's own: the same windows would fall short again. */
export function shortScore(run: RunFacts, sitting: Sitting): NewScore {
  const { controlExam, shortfall, inputKey, scorer } = sitting;
  return { ...baseOf(run, sitting), ...failedScore(controlExam.exam, scorer.name, shortfall ?? ''), parts: partsOf(sitting, null, null, null), inputKey };
}

/**
 * The score of an exam that was sat, with its controls where those were sat too.
 *
 * @param baseline the verdicts of the lexical baseline's explanation on the same exam; null where it has none
 */
export function scoreOf(run: RunFacts, { sitting, result }: Sat, controls: Controls | null, baseline: readonly Verdict[] | null): NewScore {
  const base = baseOf(run, sitting);
  const { parts, usage, provenance, failures, ...figures } = result;
  const other = controls && controlsOf(sitting, controls);
  return {
    ...base,
    ...figures,
    control: other?.control ?? null,
    parts: partsOf(sitting, { parts, failures }, other?.blank ?? null, liftOf(run, sitting, result, baseline)),
    provenance: { ...base.provenance, ...provenance, failures, ...usage, ...other?.provenance },
    inputKey: result.failure !== null ? failedKey(run, sitting) : other?.control ? (sitting.controlKey ?? sitting.inputKey) : sitting.inputKey,
  };
}

function partsOf(
  { scorer }: Sitting,
  own: Pick<ScoreResult, 'parts' | 'failures'> | null,
  blank: ScoreFigures['blank'],
  lift: ScoreFigures['lift'],
): ScoreFigures {
  const parts = own?.parts ?? NO_PARTS;
  return { ...parts, blank, lift, failures: own?.failures ?? {}, chance: scorer.nullValue };
}

function liftOf(
  run: RunFacts,
  { latentExam, explanation, scorer, latent }: Sitting,
  result: ScoreResult,
  baseline: readonly Verdict[] | null,
): ScoreFigures['lift'] {
  if (baseline === null || explanation === null || explanation.method === BASELINE_METHOD || result.failure !== null) return null;
  return liftOver(latentExam.exam, scorer.metric, result.verdicts, baseline, rngFor(run.config.seed, scorer.name, 'lift', latent, explanation.method));
}

/**
 * A score that stood without these controls, with them: a row of its own, as scores are never changed. Null where the other
 * explanation's came to nothing; the score stands as it did.
 */
export async function withControls(pool: Pool, run: RunFacts, sitting: Sitting, scoreId: string, controls: Controls): Promise<NewScore | null> {
  const other = controlsOf(sitting, controls);
  if (other.control === null || sitting.controlKey === null) return null;
  const row = await storedScore(pool, run, scoreId);
  if (row === null) return null;
  const base = baseOf(run, sitting);
  return {
    ...base,
    value: row.value,
    failure: null,
    interval: row.lower === null || row.upper === null ? null : { low: row.lower, high: row.upper },
    control: other.control,
    nPositives: row.n_positives,
    nNegatives: row.n_negatives,
    nFailed: row.n_failed,
    verdicts: verdictsSchema.parse(row.verdicts),
    parts: { ...scoreFiguresSchema.parse(row.parts), blank: other.blank },
    provenance: { ...row.provenance, ownFigures: scoreId, controlShare: base.provenance.controlShare, ...other.provenance },
    inputKey: sitting.controlKey,
  };
}

interface StoredRow {
  value: number | null;
  lower: number | null;
  upper: number | null;
  n_positives: number;
  n_negatives: number;
  n_failed: number;
  verdicts: unknown;
  parts: unknown;
  provenance: Record<string, unknown>;
}

async function storedScore(pool: Pool, run: RunFacts, scoreId: string): Promise<StoredRow | null> {
  const { rows } = await pool.query<StoredRow>(
    'SELECT value, lower, upper, n_positives, n_negatives, n_failed, verdicts, parts, provenance FROM scores WHERE coder_id = $1 AND id = $2',
    [String(run.coderId), scoreId],
  );
  return rows[0] ?? null;
}

/** The verdicts of a score that stands. */
export async function storedVerdictsOf(pool: Pool, run: RunFacts, scoreId: string): Promise<Verdict[]> {
  return verdictsSchema.parse((await storedScore(pool, run, scoreId))?.verdicts ?? []);
}

/** The controls' figures, and how they came about; without another explanation's figure, why there is none. */
function controlsOf({ control }: Sitting, { other, blank }: Controls) {
  return {
    control: other.value === null ? null : { value: other.value, interval: other.interval },
    blank: blank.value === null ? null : { value: blank.value, lower: blank.interval?.low ?? null, upper: blank.interval?.high ?? null },
    provenance: {
      control: { explanation: String(control?.id), failures: other.failures, ...other.usage, raw: other.provenance['raw'] ?? [] },
      blank: { failures: blank.failures, ...blank.usage, raw: blank.provenance['raw'] ?? [] },
      controlMissing: other.failure === null ? null : `It was asked for and failed. ${other.failure}`,
    },
  };
}
