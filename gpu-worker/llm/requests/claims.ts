import type { Pool, PoolClient } from 'pg';
import { LEASE_SECONDS } from '#lib/jobs/job.ts';
import { transaction } from '#platform/database/transaction.ts';

/** What a run may spend; null: as much as it takes. */
export interface BudgetCaps {
  usd: number | null;
  tokens: number | null;
}

/** A request that somebody wants answered. */
export interface Wanted {
  /** Hex. */
  hash: string;
  model: string;
  endpoint: string;
  purpose: string;
  /** Null outside a run. */
  runId: string | null;
  promptCharacters: number;
  /** The most that the call can take; set aside until it is answered. */
  reservedTokens: number;
  /** Null where no price is known. */
  reservedCost: number | null;
  caps: BudgetCaps | null;
}

/** An answered request, with where the answer lies. */
export interface AnsweredRow {
  hash: string;
  cost: number | null;
  /** The record itself, while it is still in the database. */
  bytes: Buffer | null;
  artifact: string | null;
  memberOffset: number | null;
  memberLength: number | null;
  /** Of the record inside the member's content. */
  offset: number;
  length: number;
}

export type Claimed =
  /** Ours to make; an answer is stored only under this fence. */
  | { kind: 'claimed'; fence: number }
  | { kind: 'answered'; row: AnsweredRow }
  /** Somebody makes the call just now, or what others have set aside must settle first: look again soon. */
  | { kind: 'busy' }
  | { kind: 'over_budget'; spent: { usd: number; tokens: number } };

/**
 * Claims requests in one statement: of any number of workers one gets each, the others find it busy, then answered. A
 * claim whose holder has not renewed it for `LEASE_SECONDS` is taken over with the next fence; an answer whose record
 * was deleted is no answer any more. Requests of runs with a budget are claimed one group at a time, and not beyond it.
 *
 * @returns in the order of `wanted`
 */
export async function claimRequests(pool: Pool, owner: string, wanted: readonly Wanted[]): Promise<Claimed[]> {
  const limited = wanted.some(({ caps }) => caps !== null);
  return limited ? transaction(pool, (client) => claimWithin(client, owner, wanted)) : claim(pool, owner, wanted);
}

// Rows are locked in the order of their hashes, here and wherever several are, or are passed over while somebody has
// them: two workers with the same requests would else wait for each other.
// A run may be deleted while its last calls are made: they must not fail the group that they are in.
const CLAIM = `
  WITH wanted AS (
    SELECT decode(t.hash, 'hex') AS hash, t.model, t.endpoint, t.purpose, (SELECT id FROM runs WHERE id = t.run_id) AS run_id, t.characters, t.tokens, t.cost
      FROM jsonb_to_recordset($1) AS t (hash text, model text, endpoint text, purpose text, run_id bigint, characters int, tokens int, cost float8)
  ), lost AS (
    SELECT r.hash FROM llm_requests r JOIN wanted USING (hash)
     WHERE (r.answered_at IS NULL AND r.claim_until < now()) OR (r.answered_at IS NOT NULL AND r.raw_batch_id IS NULL)
     ORDER BY r.hash FOR UPDATE OF r SKIP LOCKED
  ), taken AS (
    UPDATE llm_requests r
       SET claim_owner = $2, claim_until = now() + $3 * interval '1 s', claim_fence = r.claim_fence + 1, answered_at = NULL,
           run_id = w.run_id, purpose = w.purpose, reserved_tokens = w.tokens, reserved_cost = w.cost
      FROM wanted w WHERE r.hash = w.hash AND r.hash IN (SELECT hash FROM lost)
    RETURNING r.hash, r.claim_fence
  ), made AS (
    INSERT INTO llm_requests (hash, model, endpoint, purpose, run_id, prompt_characters, claim_owner, claim_until, reserved_tokens, reserved_cost)
    SELECT hash, model, endpoint, purpose, run_id, characters, $2, now() + $3 * interval '1 s', tokens, cost FROM wanted ORDER BY hash
    ON CONFLICT (hash) DO NOTHING
    RETURNING hash, claim_fence
  ), claimed AS (SELECT * FROM taken UNION ALL SELECT * FROM made)
  SELECT encode(hash, 'hex') AS hash, claim_fence AS fence, NULL::float8 AS cost, NULL::bytea AS bytes, NULL AS artifact,
         NULL::bigint AS "memberOffset", NULL::int AS "memberLength", NULL::int AS "offset", NULL::int AS length
    FROM claimed
  UNION ALL
  SELECT encode(r.hash, 'hex'), NULL, r.cost, substring(b.bytes FROM r.raw_offset + 1 FOR r.raw_length), b.artifact,
         b.member_offset, b.member_length, b.skip + r.raw_offset, r.raw_length
    FROM wanted w JOIN llm_requests r USING (hash) JOIN llm_raw_batches b ON b.id = r.raw_batch_id
   WHERE r.answered_at IS NOT NULL`;

interface ClaimRow extends Omit<AnsweredRow, 'memberOffset'> {
  fence: number | null;
  memberOffset: string | null;
}

async function claim(db: Pool | PoolClient, owner: string, wanted: readonly Wanted[]): Promise<Claimed[]> {
  // The same request twice in a group is made once; the second finds it busy.
  const records = new Map<string, unknown>();
  for (const { hash, model, endpoint, purpose, runId, promptCharacters, reservedTokens, reservedCost } of wanted) {
    if (!records.has(hash)) {
      records.set(hash, { hash, model, endpoint, purpose, run_id: runId, characters: promptCharacters, tokens: reservedTokens, cost: reservedCost ?? 0 });
    }
  }
  const { rows } = await db.query<ClaimRow>({ name: 'llm-claim', text: CLAIM, values: [JSON.stringify([...records.values()]), owner, LEASE_SECONDS] });
  const found = new Map(rows.map((row) => [row.hash, row]));
  const given = new Set<string>();
  return wanted.map(({ hash }): Claimed => {
    const row = found.get(hash);
    if (row === undefined) return { kind: 'busy' };
    if (row.fence === null) return { kind: 'answered', row: { ...row, memberOffset: row.memberOffset === null ? null : Number(row.memberOffset) } };
    if (given.has(hash)) return { kind: 'busy' };
    given.add(hash);
    return { kind: 'claimed', fence: row.fence };
  });
}

/** As `claim`; then what goes beyond a run's budget is let go again. The lock makes other workers wait until it is decided. */
async function claimWithin(client: PoolClient, owner: string, wanted: readonly Wanted[]): Promise<Claimed[]> {
  const caps = new Map(wanted.flatMap(({ runId, caps: own }) => (runId !== null && own !== null ? [[runId, own] as const] : [])));
  const runs = [...caps.keys()].sort();
  for (const runId of runs) await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('llm budget ' || $1, 0))`, [runId]);
  const claims = await claim(client, owner, wanted);
  const letGo: { hash: string; fence: number }[] = [];
  for (const runId of runs) {
    const { usd, tokens } = caps.get(runId) as BudgetCaps;
    const spent = await spentBy(client, runId);
    let [reservedUsd, reservedTokens] = [spent.reservedUsd, spent.reservedTokens];
    // The last ones first, so that what was asked for first is made first.
    for (const [i, request] of [...wanted.entries()].reverse()) {
      const own = claims[i] as Claimed;
      if (request.runId !== runId || own.kind !== 'claimed') continue;
      const cost = request.reservedCost ?? 0;
      const fits = (usd === null || spent.usd + reservedUsd <= usd) && (tokens === null || spent.tokens + reservedTokens <= tokens);
      if (fits) break;
      reservedUsd -= cost;
      reservedTokens -= request.reservedTokens;
      letGo.push({ hash: request.hash, fence: own.fence });
      // Beyond what is spent and not only beyond what others may yet give back: then no waiting helps.
      const alone = (usd === null || spent.usd + cost <= usd) && (tokens === null || spent.tokens + request.reservedTokens <= tokens);
      claims[i] = alone ? { kind: 'busy' } : { kind: 'over_budget', spent: { usd: spent.usd, tokens: spent.tokens } };
    }
  }
  await releaseClaims(client, letGo);
  return claims;
}

interface Spent {
  usd: number;
  tokens: number;
  reservedUsd: number;
  reservedTokens: number;
}

/** What a run has spent and set aside. What a dead worker had set aside counts until its calls are made anew: it may have been charged for. */
export async function spentBy(db: Pool | PoolClient, runId: string): Promise<Spent> {
  const { rows } = await db.query<Spent>(
    `SELECT coalesce(u.usd, 0) AS usd, coalesce(u.tokens, 0)::float8 AS tokens, coalesce(o.usd, 0) AS "reservedUsd", coalesce(o.tokens, 0)::float8 AS "reservedTokens"
       FROM (SELECT sum(cost) AS usd, sum(tokens_in + tokens_out) AS tokens FROM llm_run_usage WHERE run_id = $1) u,
            (SELECT sum(reserved_cost) AS usd, sum(reserved_tokens) AS tokens FROM llm_requests WHERE run_id = $1 AND answered_at IS NULL) o`,
    [runId],
  );
  return rows[0] as Spent;
}

/** Lets go of claims that came to nothing: their requests are as if never made. */
export async function releaseClaims(db: Pool | PoolClient, claims: readonly { hash: string; fence: number }[]): Promise<void> {
  if (claims.length === 0) return;
  await db.query(
    `DELETE FROM llm_requests WHERE hash IN (
       SELECT r.hash FROM llm_requests r JOIN jsonb_to_recordset($1) AS t (hash text, fence int) ON r.hash = decode(t.hash, 'hex') AND r.claim_fence = t.fence
        WHERE r.answered_at IS NULL ORDER BY r.hash FOR UPDATE OF r)`,
    [JSON.stringify(claims)],
  );
}

/** Prolongs all claims of one owner that are still open. */
export async function renewClaims(pool: Pool, owner: string): Promise<void> {
  await pool.query(
    `UPDATE llm_requests SET claim_until = now() + $2 * interval '1 s'
      WHERE hash IN (SELECT hash FROM llm_requests WHERE claim_owner = $1 AND answered_at IS NULL ORDER BY hash FOR UPDATE SKIP LOCKED)`,
    [owner, LEASE_SECONDS],
  );
}

/** Ends at once the claims that earlier processes of this worker left behind. */
export async function endClaimsOf(pool: Pool, workerId: string, except: string): Promise<void> {
  await pool.query(
    `UPDATE llm_requests SET claim_until = now() - interval '1 s'
      WHERE hash IN (SELECT hash FROM llm_requests WHERE answered_at IS NULL AND starts_with(claim_owner, $1 || '/') AND claim_owner <> $2 ORDER BY hash FOR UPDATE)`,
    [workerId, except],
  );
}
