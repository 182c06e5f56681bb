import type { Pool } from 'pg';

/** What came of a call, to be kept. */
export interface Answer {
  /** Hex; null: counted for the run, and not kept (a call past the cache). */
  hash: string | null;
  fence: number;
  runId: string | null;
  purpose: string;
  tokensIn: number | null;
  tokensOut: number | null;
  tokensCached: number | null;
  cost: number | null;
  /** What the run is charged with in the place of tokens that the endpoint did not say, and of their cost; null: nothing. */
  charged: { tokensIn: number; tokensOut: number; cost: number | null } | null;
  durationMs: number;
  finishReason: string | null;
  /** The record: one line of JSON. */
  raw: string;
}

const STORE = `
  WITH answers AS (
    SELECT * FROM jsonb_to_recordset($1) AS t (hash text, fence int, run_id bigint, purpose text, tokens_in int, tokens_out int, tokens_cached int,
      cost float8, charged_in int, charged_out int, charged_cost float8, duration_ms int, finish_reason text, raw_offset int, raw_length int)
  ), batch AS (
    INSERT INTO llm_raw_batches (bytes, length) SELECT $2::bytea, $3::int WHERE $3::int > 0 RETURNING id
  ), mine AS (
    SELECT r.hash FROM llm_requests r JOIN answers a ON r.hash = decode(a.hash, 'hex') AND r.claim_fence = a.fence
     WHERE r.answered_at IS NULL ORDER BY r.hash FOR UPDATE OF r
  ), stored AS (
    UPDATE llm_requests r
       SET tokens_in = a.tokens_in, tokens_out = a.tokens_out, tokens_cached = a.tokens_cached, cost = a.cost, duration_ms = a.duration_ms,
           finish_reason = a.finish_reason, raw_batch_id = b.id, raw_offset = a.raw_offset, raw_length = a.raw_length, answered_at = now(),
           claim_owner = NULL, claim_until = NULL, reserved_tokens = 0, reserved_cost = 0
      FROM answers a, batch b
     WHERE r.hash = decode(a.hash, 'hex') AND r.hash IN (SELECT hash FROM mine)
    RETURNING r.hash
  ), counted AS (
    INSERT INTO llm_run_usage AS u (run_id, purpose, calls, tokens_in, tokens_out, tokens_cached, uncounted, cost, unpriced)
    SELECT run_id, purpose, count(*), coalesce(sum(coalesce(tokens_in, charged_in)), 0), coalesce(sum(coalesce(tokens_out, charged_out)), 0),
           coalesce(sum(tokens_cached), 0), count(*) FILTER (WHERE tokens_in IS NULL OR tokens_out IS NULL),
           coalesce(sum(coalesce(cost, charged_cost)), 0), count(*) FILTER (WHERE cost IS NULL)
      FROM answers WHERE run_id IN (SELECT id FROM runs) GROUP BY run_id, purpose ORDER BY run_id, purpose
    ON CONFLICT (run_id, purpose) DO UPDATE
      SET calls = u.calls + excluded.calls, tokens_in = u.tokens_in + excluded.tokens_in, tokens_out = u.tokens_out + excluded.tokens_out,
          tokens_cached = u.tokens_cached + excluded.tokens_cached, uncounted = u.uncounted + excluded.uncounted,
          cost = u.cost + excluded.cost, unpriced = u.unpriced + excluded.unpriced
  )
  SELECT encode(hash, 'hex') AS hash FROM stored`;

/**
 * Keeps answers and counts what they took, in one statement: after it nothing of them is lost, whatever happens.
 *
 * @returns whether each was stored; false where the claim had gone to somebody else by then
 */
export async function storeAnswers(pool: Pool, answers: readonly Answer[]): Promise<boolean[]> {
  const pieces: Buffer[] = [];
  let length = 0;
  const records = answers.map(({ hash, fence, runId, purpose, raw, ...answer }) => {
    const bytes = hash === null ? Buffer.alloc(0) : Buffer.from(raw);
    pieces.push(bytes);
    const offset = length;
    length += bytes.length;
    return {
      ...{ hash, fence, run_id: runId, purpose, raw_offset: offset, raw_length: bytes.length },
      ...{ tokens_in: answer.tokensIn, tokens_out: answer.tokensOut, tokens_cached: answer.tokensCached },
      ...{ charged_in: answer.charged?.tokensIn ?? null, charged_out: answer.charged?.tokensOut ?? null, charged_cost: answer.charged?.cost ?? null },
      ...{ cost: answer.cost, duration_ms: answer.durationMs, finish_reason: answer.finishReason },
    };
  });
  const { rows } = await pool.query<{ hash: string }>({ name: 'llm-store', text: STORE, values: [JSON.stringify(records), Buffer.concat(pieces), length] });
  const stored = new Set(rows.map(({ hash }) => hash));
  return answers.map(({ hash }) => hash !== null && stored.has(hash));
}

/** Answers found paid for, by run and purpose: how many, and what they once cost. */
export interface Reuse {
  runId: string;
  purpose: string;
  calls: number;
  cost: number;
}

export async function countReuse(pool: Pool, reuses: readonly Reuse[]): Promise<void> {
  if (reuses.length === 0) return;
  await pool.query(
    `INSERT INTO llm_run_usage AS u (run_id, purpose, reused, saved_cost)
     SELECT "runId", purpose, sum(calls), sum(cost) FROM jsonb_to_recordset($1) AS t ("runId" bigint, purpose text, calls int, cost float8)
      WHERE "runId" IN (SELECT id FROM runs) GROUP BY "runId", purpose ORDER BY "runId", purpose
     ON CONFLICT (run_id, purpose) DO UPDATE SET reused = u.reused + excluded.reused, saved_cost = u.saved_cost + excluded.saved_cost`,
    [JSON.stringify(reuses)],
  );
}
