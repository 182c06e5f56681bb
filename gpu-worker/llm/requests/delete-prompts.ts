import type { Pool } from 'pg';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { AnsweredRow } from './claims.ts';
import { deleteRecords, MemberCache, parseRecord } from './raw-records.ts';
import type { TextTraces } from './text-traces.ts';

/** Records read a query; those that are not packed yet come with it. */
const BATCH = 500;

type Row = Omit<AnsweredRow, 'memberOffset'> & { memberOffset: string | null; batch: string };

/**
 * Deletes for good the prompts that hold a passage of some texts, with their answers: of the runs on a text, and of runs that
 * are gone. All of their records are read for that. The requests' hashes, tokens and costs stay, and so do explanations and
 * scores; `atlas rerun` of one asks anew. Done again it deletes nothing more.
 *
 * @returns how many were read, and how many deleted
 */
export async function deletePromptsHolding(
  pool: Pool,
  artifacts: ArtifactStore,
  textSourceId: string,
  traces: TextTraces,
): Promise<{ read: number; deleted: number }> {
  if (traces.size === 0) return { read: 0, deleted: 0 };
  const members = new MemberCache(artifacts);
  let [read, deleted] = [0, 0];
  // In the order in which they lie, so that each part of a pack is read once.
  for (let after: Pick<Row, 'batch' | 'hash'> | null = { batch: '0', hash: '' }; after !== null;) {
    const { rows }: { rows: Row[] } = await pool.query<Row>(
      `SELECT encode(r.hash, 'hex') AS hash, r.raw_batch_id::text AS batch, r.cost, substring(b.bytes FROM r.raw_offset + 1 FOR r.raw_length) AS bytes, b.artifact,
              b.member_offset AS "memberOffset", b.member_length AS "memberLength", b.skip + r.raw_offset AS "offset", r.raw_length AS length
         FROM llm_requests r JOIN llm_raw_batches b ON b.id = r.raw_batch_id LEFT JOIN runs u ON u.id = r.run_id
        WHERE (u.id IS NULL OR u.text_source_id = $1) AND r.answered_at IS NOT NULL AND (r.raw_batch_id, r.hash) > ($2, decode($3, 'hex'))
        ORDER BY r.raw_batch_id, r.hash LIMIT $4`,
      [textSourceId, after.batch, after.hash, BATCH],
    );
    const holding: string[] = [];
    for (const row of rows) {
      const record = parseRecord(await members.record({ ...row, memberOffset: row.memberOffset === null ? null : Number(row.memberOffset) }));
      if (textsOf(record.request).some((text) => traces.isIn(text))) holding.push(row.hash);
    }
    read += rows.length;
    deleted += await deleteRecords(pool, artifacts, holding);
    after = rows.length < BATCH ? null : rows.at(-1)!;
  }
  return { read, deleted };
}

/** All texts of a request, whatever kind it is of. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
