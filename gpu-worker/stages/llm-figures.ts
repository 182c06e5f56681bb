import type { PoolClient } from 'pg';
import { requireFact, type RunFacts } from './run-facts.ts';

interface UsageRow {
  purpose: string;
  calls: number;
  reused: number;
  tokensIn: number;
  tokensOut: number;
  tokensCached: number;
  uncounted: number;
  cost: number;
  unpriced: number;
  savedCost: number;
}

/**
 * What a run's language model took, in all and by purpose, and whether the budget stopped it, with what that left undone;
 * empty for a run that asked none. `cost` is null as soon as one call's price is not known.
 */
export async function llmFigures(client: PoolClient, run: RunFacts): Promise<Record<string, unknown>> {
  const { rows } = await client.query<UsageRow>(
    `SELECT purpose, calls::float8, reused::float8, tokens_in::float8 AS "tokensIn", tokens_out::float8 AS "tokensOut", tokens_cached::float8 AS "tokensCached",
            uncounted::float8, cost, unpriced::float8, saved_cost AS "savedCost"
       FROM llm_run_usage WHERE run_id = $1 ORDER BY purpose`,
    [String(run.id)],
  );
  if (rows.length === 0) return {};
  const sum = (of: (row: UsageRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    llm: {
      ...totals(
        sum((row) => row.cost),
        sum((row) => row.unpriced),
        { calls: sum((row) => row.calls), reused: sum((row) => row.reused) },
      ),
      tokensIn: sum((row) => row.tokensIn),
      tokensOut: sum((row) => row.tokensOut),
      tokensCached: sum((row) => row.tokensCached),
      uncounted: sum((row) => row.uncounted),
      savedCost: sum((row) => row.savedCost),
      byPurpose: Object.fromEntries(
        rows.map(({ purpose, calls, reused, tokensIn, tokensOut, cost, unpriced }) => [
          purpose,
          { ...totals(cost, unpriced, { calls, reused }), tokensIn, tokensOut },
        ]),
      ),
      budget: run.config.budget ?? null,
      stopped: await stopOf(client, run),
    },
  };
}

const totals = (cost: number, unpriced: number, counts: { calls: number; reused: number }) => ({ ...counts, cost: unpriced > 0 ? null : cost });

/** Why and where the budget stopped the run, and how to go on; null where it did not. */
async function stopOf(client: PoolClient, run: RunFacts): Promise<{ explained: number; scored: number; ready: number; message: string } | null> {
  const stop = await client.query<{ message: string }>(
    `SELECT data->>'message' AS message FROM run_events WHERE run_id = $1 AND event = 'budget_spent' LIMIT 1`,
    [String(run.id)],
  );
  const [row] = stop.rows;
  if (row === undefined) return null;
  const { rows } = await client.query<{ ready: number; explained: number; scored: number }>(
    `SELECT count(*)::int AS ready,
            count(*) FILTER (WHERE EXISTS (SELECT 1 FROM explanations e WHERE e.coder_id = l.coder_id AND e.latent_index = l.index AND e.method <> 'lexical'
                                              AND e.provenance->>'sampleKey' = $3))::int AS explained,
            count(*) FILTER (WHERE EXISTS (SELECT 1 FROM scores s WHERE s.coder_id = l.coder_id AND s.latent_index = l.index AND s.scorer = ANY($4)
                                              AND s.run_id = $2 AND s.value IS NOT NULL))::int AS scored
       FROM latents l WHERE l.coder_id = $1 AND l.run_id = $2 AND l.status = 'ready'`,
    [String(run.coderId), String(run.id), requireFact(run, 'sampleKey'), run.config.scorers],
  );
  const { ready, explained, scored } = rows[0] as { ready: number; explained: number; scored: number };
  return {
    ...{ ready, explained, scored },
    message: `${row.message} Of ${ready} latents a language model had explained ${explained} by then, and ${scored} have a score of this run.`,
  };
}
