import type { PoolClient } from 'pg';
import { storedVerdicts, type Metric, type ScoreFigures, type Scorer, type Verdict } from '#lib/score/schema.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { copyRows } from '#platform/database/copy-rows.ts';

export interface NewScore {
  coderId: bigint;
  latentIndex: number;
  /** Null for a score of the latent itself. */
  explanationId: bigint | null;
  runId: bigint;
  scorer: Scorer;
  metric: Metric;
  value: number | null;
  interval: Interval | null;
  control: { value: number; interval: Interval | null } | null;
  nPositives: number;
  nNegatives: number;
  nFailed: number;
  /** Why there is no value, for whoever reads the page; null where there is one. */
  failure: string | null;
  verdicts: readonly Verdict[];
  parts: ScoreFigures;
  /** Whose documents the exam is of. */
  exam: 'test' | 'reserve';
  provenance: Record<string, unknown>;
  inputKey: string;
}

/** Appends scores; one with the same inputs as an earlier one is not written again. */
export async function insertScores(client: PoolClient, scores: readonly NewScore[]): Promise<void> {
  const columns = [
    'coder_id', 'latent_index', 'explanation_id', 'run_id', 'scorer', 'metric', 'value', 'lower', 'upper', 'control_value', 'control_lower',
    'control_upper', 'n_positives', 'n_negatives', 'n_failed', 'failure', 'exam', 'verdicts', 'parts', 'provenance', 'input_key',
  ]; // prettier-ignore
  await client.query('CREATE TEMP TABLE new_scores (LIKE scores INCLUDING DEFAULTS) ON COMMIT DROP');
  await copyRows(
    client,
    'new_scores',
    columns,
    scores.map((s) => [
      s.coderId, s.latentIndex, s.explanationId, s.runId, s.scorer, s.metric, s.value, s.interval?.low ?? null, s.interval?.high ?? null,
      s.control?.value ?? null, s.control?.interval?.low ?? null, s.control?.interval?.high ?? null, s.nPositives, s.nNegatives, s.nFailed, s.failure,
      s.exam, JSON.stringify(storedVerdicts(s.verdicts)), JSON.stringify(s.parts), JSON.stringify(s.provenance), s.inputKey,
    ]), // prettier-ignore
  );
  await client.query(
    `INSERT INTO scores (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM new_scores ORDER BY latent_index
     ON CONFLICT DO NOTHING`,
  );
}
