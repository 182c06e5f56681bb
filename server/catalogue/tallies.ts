import type { Pool } from 'pg';
import type { CoderSummary, LatentRow } from '#lib/catalogue/schema.ts';

/** Latents of every coder by status, and totals; one scan of the catalogue. Ask through a cache. */
export interface Tallies {
  byCoder: Map<string, CoderSummary['counts']>;
  explanations: number;
  scores: number;
  /** Read by runs whose latents are here; a text that several runs read in the same way counts once. */
  tokens: number;
}

export const NO_COUNTS: CoderSummary['counts'] = Object.freeze({
  latents: 0,
  ready: 0,
  explained: 0,
  scored: 0,
  dead: 0,
  tooFewWindows: 0,
  tooFewDocuments: 0,
});

const STATUS_FIELD = {
  dead: 'dead',
  too_few_windows: 'tooFewWindows',
  too_few_documents: 'tooFewDocuments',
  ready: 'ready',
} as const satisfies Record<LatentRow['status'], keyof CoderSummary['counts']>;

interface TallyRow {
  coder_id: string;
  status: LatentRow['status'];
  latents: number;
  explained: number;
  scored: number;
}

export async function readTallies(pool: Pool): Promise<Tallies> {
  const [latents, totals] = await Promise.all([
    pool.query<TallyRow>(
      `select coder_id, status, count(*)::int as latents, count(headline_explanation_id)::int as explained, count(headline_score)::int as scored
       from latents group by coder_id, status`,
    ),
    pool.query<{ explanations: string; scores: string; tokens: string }>(
      `select (select count(*) from explanations) as explanations, (select count(*) from scores) as scores,
         (select coalesce(sum(tokens), 0) from (
            select max(t.tokens) as tokens from (select run_id, max(token_count) as tokens from latents group by run_id) t join runs r on r.id = t.run_id
            group by coalesce(r.results ->> 'dataKey', r.id::text)) texts) as tokens`,
    ),
  ]);
  const byCoder = new Map<string, CoderSummary['counts']>();
  for (const row of latents.rows) {
    const counts = byCoder.get(row.coder_id) ?? { ...NO_COUNTS };
    byCoder.set(row.coder_id, counts);
    counts.latents += row.latents;
    counts.explained += row.explained;
    counts.scored += row.scored;
    counts[STATUS_FIELD[row.status]] += row.latents;
  }
  const [total] = totals.rows;
  return { byCoder, explanations: Number(total?.explanations ?? 0), scores: Number(total?.scores ?? 0), tokens: Number(total?.tokens ?? 0) };
}
