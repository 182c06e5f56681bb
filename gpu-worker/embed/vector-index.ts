import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { VectorScan } from '#platform/search/types.ts';
import { VectorTable } from './vector-table.ts';

/** A scan over the vectors of search_entries, held in memory and kept up with the table. */
export interface VectorIndex extends VectorScan {
  /** Read what changed; called by `nearest` as well. */
  refresh(): Promise<void>;
  /** Vectors held, and the revision of the search tables they belong to. */
  readonly size: number;
  readonly revision: bigint;
  close(): Promise<void>;
}

export interface VectorIndexOptions {
  pool: Pool;
  threads?: number;
  /** Longest a search trusts what it has without asking for the table's revision. */
  freshForMs?: number;
  /** Longest a search waits for changes to be read before it answers from what it has. */
  patienceMs?: number;
  /** Told when changes could not be read while searches go on with what there is. */
  onError: (error: unknown) => void;
}

/** Rows read by one statement: 6 MB of vectors of 384. */
const BATCH = 8000;

/**
 * Opens an empty index; the first search, or `refresh`, fills it. One cheap row (search_state) tells whether anything
 * changed, at most once in `freshForMs`; only rows of later revisions are read, and everything only after entries were
 * removed. A search therefore finds what was written a second ago.
 */
export function createVectorIndex({ pool, threads, freshForMs = 1000, patienceMs = 300, onError }: VectorIndexOptions): VectorIndex {
  let held: { table: VectorTable | null; revision: bigint; epoch: bigint } | null = null;
  let checkedAt = -Infinity;
  let refreshing: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const { rows } = await pool.query<{ revision: string; epoch: string }>('SELECT revision::text, epoch::text FROM search_state');
    const state = { revision: BigInt(rows[0]!.revision), epoch: BigInt(rows[0]!.epoch) };
    checkedAt = performance.now();
    if (state.epoch === held?.epoch && state.revision === held.revision) return;
    const before = held?.table ?? null;
    // Rows replaced stay in memory; once half is waste, reading all again is cheaper than scanning it.
    const goOn = held !== null && state.epoch === held.epoch && (before === null || before.wasted <= before.size + BATCH);
    const table = await readEntries(pool, goOn ? before : null, goOn ? held!.revision : 0n, threads);
    held = { table, ...state };
    if (before !== table) await before?.close();
  };
  const refresh = (): Promise<void> => {
    refreshing ??= read().finally(() => (refreshing = null));
    return refreshing;
  };

  return {
    refresh,
    get size() {
      return held?.table?.size ?? 0;
    },
    get revision() {
      return held?.revision ?? 0n;
    },
    nearest: async (vector, k, coderIds) => {
      if (held === null) await refresh();
      else if (performance.now() - checkedAt > freshForMs) {
        await Promise.race([refresh().catch(onError), delay(patienceMs, undefined, { ref: false })]);
      }
      return held?.table ? held.table.nearest(vector, k, coderIds) : [];
    },
    close: async () => {
      await refreshing?.catch(onError);
      await held?.table?.close();
      held = null;
    },
  };
}

/** Entries of revisions after `since` into `table`, or into a new one; null while there are no vectors at all. */
async function readEntries(pool: Pool, table: VectorTable | null, since: bigint, threads: number | undefined): Promise<VectorTable | null> {
  let into = table;
  let after: [revision: string, id: string] = [String(since), MAX_ID];
  for (;;) {
    const { rows } = await pool.query<EntryRow>(SELECT, [...after, BATCH]);
    for (const { id, coderId, latent, vector } of rows) {
      if (into === null && vector !== null) into = await VectorTable.open(vector.length / 2, { threads });
      into?.set(coderId, latent, Number(id), vector);
    }
    const last = rows.at(-1);
    if (!last || rows.length < BATCH) return into;
    after = [last.revision, last.id];
  }
}

interface EntryRow {
  revision: string;
  id: string;
  coderId: string;
  latent: number;
  vector: Buffer | null;
}

/** Greatest bigint: nothing of the revision already read comes again. */
const MAX_ID = '9223372036854775807';

const SELECT = `
  SELECT revision::text, id::text, coder_id::text AS "coderId", latent_index AS latent, vector FROM search_entries
  WHERE (revision, id) > ($1::bigint, $2::bigint) ORDER BY revision, id LIMIT $3`;
