import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { transaction } from '#platform/database/transaction.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { AnsweredRow } from './claims.ts';

/** Where packs lie: gzip of one JSON record a line, named by their own hash, readable with zcat. */
const FOLDER = 'llm/raw';
/** Bytes of records a pack: large enough for a bucket, small enough to hold. */
export const PACK_BYTES = 8 * 2 ** 20;
/** Bytes of records a gzip member: one is read to get at one record, and shares its prompts' common words. */
const MEMBER_BYTES = 256 * 2 ** 10;
/** Level 3 takes a third of the time of 6 and leaves a tenth more: prompts repeat themselves at any level. */
const LEVEL = 3;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
/** What a request and a reply hold is their kind's; each reads its own. */
const recordSchema = z.object({
  hash: z.string(),
  request: z.custom<Record<string, unknown>>(isRecord),
  reply: z.custom<Record<string, unknown>>(isRecord),
});
/** A request with the answer it got, as both are kept. */
export type RawRecord = z.infer<typeof recordSchema>;

export function parseRecord(bytes: Buffer): RawRecord {
  return recordSchema.parse(JSON.parse(bytes.toString('utf8')));
}

/** Members read last: a run that finds its answers paid for reads them in the order in which they were written. */
export class MemberCache {
  readonly #artifacts: ArtifactStore;
  readonly #members = new Map<string, Promise<Buffer>>();

  constructor(artifacts: ArtifactStore) {
    this.#artifacts = artifacts;
  }

  /** The record that a row points at. Throws AppError `not_found` when its artifact is gone. */
  async record(row: AnsweredRow): Promise<Buffer> {
    if (row.bytes !== null) return row.bytes;
    const { artifact, memberOffset, memberLength } = row as { artifact: string; memberOffset: number; memberLength: number };
    const key = `${artifact} ${memberOffset}`;
    const known = this.#members.get(key);
    const member = known ?? this.#artifacts.readRange(artifact, memberOffset, memberLength).then((bytes) => decompress(bytes));
    if (known === undefined) {
      this.#members.set(key, member);
      member.catch(() => this.#members.delete(key));
      const [oldest] = this.#members.keys();
      if (this.#members.size > 16 && oldest !== undefined) this.#members.delete(oldest);
    }
    return (await member).subarray(row.offset, row.offset + row.length);
  }
}

interface Batch {
  id: string;
  bytes: Buffer;
}

/**
 * Moves records from the database into one pack of the artifact storage; what another process is packing is left to it.
 *
 * @param least does nothing while fewer bytes than this wait
 * @returns bytes of records that were packed
 */
export async function packRecords(pool: Pool, artifacts: ArtifactStore, least: number): Promise<number> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; length: number }>(
      'SELECT id::text, length FROM llm_raw_batches WHERE artifact IS NULL ORDER BY id LIMIT 5000 FOR UPDATE SKIP LOCKED',
    );
    const ids: string[] = [];
    let bytes = 0;
    for (const { id, length } of rows) {
      if (bytes > 0 && bytes + length > PACK_BYTES) break;
      ids.push(id);
      bytes += length;
    }
    if (ids.length === 0 || bytes < least) return 0;
    const batches = await client.query<Batch>('SELECT id::text, bytes FROM llm_raw_batches WHERE id = ANY($1) ORDER BY id', [ids]);
    await writePack(client, artifacts, batches.rows);
    return bytes;
  });
}

/** Writes batches as a pack and points their rows at it. */
async function writePack(client: PoolClient, artifacts: ArtifactStore, batches: readonly Batch[]): Promise<void> {
  const places: { id: string; offset: number; length: number; skip: number }[] = [];
  const members: Buffer[] = [];
  let at = 0;
  for (let first = 0; first < batches.length;) {
    const group: Batch[] = [];
    let size = 0;
    while (first < batches.length && (size === 0 || size + (batches[first] as Batch).bytes.length <= MEMBER_BYTES)) {
      const batch = batches[first++] as Batch;
      places.push({ id: batch.id, offset: at, length: 0, skip: size });
      group.push(batch);
      size += batch.bytes.length;
    }
    const member = await compress(Buffer.concat(group.map(({ bytes }) => bytes)), { level: LEVEL });
    for (const place of places.slice(-group.length)) place.length = member.length;
    members.push(member);
    at += member.length;
  }
  const pack = Buffer.concat(members);
  const key = `${FOLDER}/${createHash('sha256').update(pack).digest('hex')}.jsonl.gz`;
  await artifacts.write(key, pack);
  await client.query(
    `UPDATE llm_raw_batches b SET bytes = NULL, artifact = $2, member_offset = t."offset", member_length = t.length, skip = t.skip
       FROM jsonb_to_recordset($1) AS t (id bigint, "offset" bigint, length int, skip int) WHERE b.id = t.id`,
    [JSON.stringify(places), key],
  );
}

/**
 * Deletes the prompts and answers of some requests for good, wherever they lie: what stays is the row with hash, tokens
 * and cost. Packs that held one are written anew without it. Deleting again changes nothing.
 *
 * @param hashes hex
 * @returns how many there were
 */
export async function deleteRecords(pool: Pool, artifacts: ArtifactStore, hashes: readonly string[]): Promise<number> {
  const replaced: string[] = [];
  const count = await transaction(pool, async (client) => {
    const { rows } = await client.query<{ batch: string; artifact: string | null; offset: number; length: number }>(
      `SELECT b.id::text AS batch, b.artifact, r.raw_offset AS "offset", r.raw_length AS length
         FROM llm_requests r JOIN llm_raw_batches b ON b.id = r.raw_batch_id
        WHERE r.hash = ANY(SELECT decode(h, 'hex') FROM unnest($1::text[]) h) ORDER BY b.id FOR UPDATE OF b`,
      [hashes],
    );
    for (const artifact of new Set(rows.map((row) => row.artifact))) {
      const batches = artifact === null ? await inDatabase(client, rows) : await inPack(client, artifacts, artifact);
      for (const { batch, artifact: own, offset, length } of rows) {
        if (own === artifact) batches.find(({ id }) => id === batch)?.bytes.fill(' ', offset, offset + length - 1);
      }
      if (artifact === null) {
        for (const { id, bytes } of batches) await client.query('UPDATE llm_raw_batches SET bytes = $2 WHERE id = $1', [id, bytes]);
      } else {
        await writePack(client, artifacts, batches);
        replaced.push(artifact);
      }
    }
    await client.query(
      `UPDATE llm_requests SET raw_batch_id = NULL, raw_offset = NULL, raw_length = NULL WHERE hash = ANY(SELECT decode(h, 'hex') FROM unnest($1::text[]) h)`,
      [hashes],
    );
    return rows.length;
  });
  // Only now: until the rows point elsewhere, others read from it.
  for (const artifact of replaced) await artifacts.delete(artifact);
  return count;
}

async function inDatabase(client: PoolClient, rows: readonly { batch: string; artifact: string | null }[]): Promise<Batch[]> {
  const ids = rows.filter(({ artifact }) => artifact === null).map(({ batch }) => batch);
  return (await client.query<Batch>('SELECT id::text, bytes FROM llm_raw_batches WHERE id = ANY($1) ORDER BY id', [ids])).rows;
}

async function inPack(client: PoolClient, artifacts: ArtifactStore, artifact: string): Promise<Batch[]> {
  const { rows } = await client.query<{ id: string; offset: string; length: number; skip: number; size: number }>(
    'SELECT id::text, member_offset AS "offset", member_length AS length, skip, length AS size FROM llm_raw_batches WHERE artifact = $1 ORDER BY id FOR UPDATE',
    [artifact],
  );
  const pack = await artifacts.read(artifact);
  const members = new Map<number, Buffer>();
  const batches: Batch[] = [];
  for (const { id, offset, length, skip, size } of rows) {
    const at = Number(offset);
    if (!members.has(at)) members.set(at, await decompress(pack.subarray(at, at + length)));
    batches.push({ id, bytes: Buffer.from((members.get(at) as Buffer).subarray(skip, skip + size)) });
  }
  return batches;
}
