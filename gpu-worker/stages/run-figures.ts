import type { PoolClient } from 'pg';
import { medianInterval } from '#lib/stats/median-interval.ts';
import { medianIqr } from '#lib/stats/quantile.ts';
import { attemptFigures, ofRun } from './explanation-attempts.ts';
import { wantedOf } from './plan.ts';
import { requireFact, type RunFacts } from './run-facts.ts';

/** Median over latents with quartiles and a 95 % interval (lib/stats/median-interval.ts). */
interface Spread {
  n: number;
  median: number;
  q1: number;
  q3: number;
  lower: number;
  upper: number;
}

/** What a finished run says about itself: latents by status, and each scorer's spread beside its control's. */
export async function runFigures(client: PoolClient, run: RunFacts): Promise<Record<string, unknown>> {
  const wanted = wantedOf(run);
  const statuses = await client.query<{ status: string; n: number }>(
    `SELECT status::text, COUNT(*)::int AS n FROM example_blobs
      WHERE coder_id = $1 AND sample_key = $2 AND ($3::int[] IS NULL OR latent_index = ANY($3)) GROUP BY 1`,
    [String(run.coderId), requireFact(run, 'sampleKey'), wanted],
  );
  // Dead latents have no windows, so no sample holds them.
  const dead = (wanted?.length ?? requireFact(run, 'width')) - statuses.rows.reduce((sum, { n }) => sum + n, 0);
  // Scores of the same inputs are not written twice, so a repeated run's are found by its sample and not by its number.
  const scores = await client.query<{ scorer: string; metric: string; value: number | null; control: number | null }>(
    `SELECT DISTINCT ON (s.latent_index, e.method, s.scorer) s.scorer, s.metric, s.value, s.control_value AS control
       FROM scores s
       JOIN explanations e ON e.coder_id = s.coder_id AND e.id = s.explanation_id
      WHERE s.coder_id = $1 AND ${ofRun('e', '$2')}
      ORDER BY s.latent_index, e.method, s.scorer, s.id DESC`,
    [String(run.coderId), String(run.id)],
  );
  const byScorer = new Map<string, { metric: string; values: number[]; controls: number[] }>();
  for (const { scorer, metric, value, control } of scores.rows) {
    const entry = byScorer.get(scorer) ?? { metric, values: [], controls: [] };
    byScorer.set(scorer, entry);
    if (value !== null) entry.values.push(value);
    if (control !== null) entry.controls.push(control);
  }
  return {
    latents: { ...(dead > 0 ? { dead } : {}), ...Object.fromEntries(statuses.rows.map(({ status, n }) => [status, n])) },
    explanations: await attemptFigures(client, run),
    scores: Object.fromEntries(
      [...byScorer].map(([scorer, { metric, values, controls }]) => [scorer, { metric, score: spread(values), control: spread(controls) }]),
    ),
  };
}

function spread(values: number[]): Spread | null {
  const middle = medianIqr(values);
  const interval = medianInterval(values);
  return middle && interval ? { n: values.length, ...middle, lower: interval.low, upper: interval.high } : null;
}
