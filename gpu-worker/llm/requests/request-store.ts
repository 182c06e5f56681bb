import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { LEASE_RENEW_SECONDS } from '#lib/jobs/job.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { clock as realClock, type Clock } from '#gpu-worker/llm/clock.ts';
import { Slots } from '#gpu-worker/llm/slots.ts';
import { countReuse, storeAnswers, type Answer, type Reuse } from './answers.ts';
import { claimRequests, endClaimsOf, releaseClaims, renewClaims, type AnsweredRow, type Claimed, type Wanted } from './claims.ts';
import { Grouped } from './grouped.ts';
import { MemberCache, PACK_BYTES, packRecords, parseRecord, type RawRecord } from './raw-records.ts';

/** Calls that are ready within this time go into one statement; against an endpoint's seconds it is nothing. */
const GROUP_MS = 10;
const MOST_A_GROUP = 200;
const REUSE_MS = 1000;
/** What waits in the database for its pack is packed after this time, however little it is. */
const PACK_MS = 60_000;

export interface RequestStoreOptions {
  pool: Pool;
  artifacts: ArtifactStore;
  /** As the task queue's: a worker that restarts under it takes back at once what it held. */
  workerId: string;
  /**
   * Requests that the process's tasks together may have in hand: twice what the endpoint takes at once keep it busy, and
   * more would only hold claims, and set budget aside, for calls that wait their turn. Default: no limit.
   */
  inHand?: number;
  onError: (error: unknown) => void;
  clock?: Clock;
}

/** The calls of all runs in the database: claimed, answered, counted; and their records on the way to the artifacts. */
export interface RequestStore {
  /** Does the work of one request when it is its turn. Rejects with the signal's reason when that aborts before. */
  inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  claim(wanted: Wanted): Promise<Claimed>;
  /** Resolves when the answer is safe; false: somebody else had taken the request over, and theirs counts. */
  store(answer: Answer): Promise<boolean>;
  release(hash: string, fence: number): Promise<void>;
  /** Counts an answer that was paid for before. */
  reused(reuse: Reuse): void;
  record(row: AnsweredRow): Promise<RawRecord>;
  /** Writes what waits and packs it; claims are no longer renewed. */
  close(): Promise<void>;
}

/** From the first claim on it renews claims and packs records, until `close`. */
export function createRequestStore({ pool, artifacts, workerId, inHand = Infinity, onError, clock = realClock }: RequestStoreOptions): RequestStore {
  const owner = `${workerId}/${randomUUID()}`;
  const turns = new Slots(inHand);
  const group = { delayMs: GROUP_MS, most: MOST_A_GROUP, clock };
  let begun: Promise<void> | null = null;
  const claims = new Grouped<Wanted, Claimed>({
    ...group,
    work: async (wanted) => {
      // What a predecessor held is let go before the first claim, which would else wait for its lease.
      await (begun ??= begin());
      return claimRequests(pool, owner, wanted);
    },
  });
  const answers = new Grouped<Answer, boolean>({ ...group, work: (all) => storeAnswers(pool, all) });
  const releases = new Grouped<{ hash: string; fence: number }, null>({
    ...group,
    work: async (all) => {
      await releaseClaims(pool, all);
      return all.map(() => null);
    },
  });
  const reuses = new Grouped<Reuse, null>({
    ...group,
    delayMs: REUSE_MS,
    most: 100_000,
    work: async (all) => {
      await countReuse(pool, all);
      return all.map(() => null);
    },
  });
  const members = new MemberCache(artifacts);
  let open = 0;
  let unpacked = 0;
  let packing: Promise<void> | null = null;
  const pack = (least: number): Promise<void> => {
    packing ??= (async () => {
      unpacked = 0;
      while ((await packRecords(pool, artifacts, least)) >= PACK_BYTES / 2);
    })().finally(() => (packing = null));
    return packing;
  };
  const timers: NodeJS.Timeout[] = [];
  async function begin(): Promise<void> {
    timers.push(
      setInterval(() => {
        if (open > 0) renewClaims(pool, owner).catch(onError);
      }, LEASE_RENEW_SECONDS * 1000),
      setInterval(() => {
        if (unpacked > 0) pack(1).catch(onError);
      }, PACK_MS),
    );
    await endClaimsOf(pool, workerId, owner).catch(onError);
  }
  return {
    inTurn: (work, signal) => turns.run(work, signal),
    async claim(wanted) {
      const claimed = await claims.add(wanted);
      if (claimed.kind === 'claimed') open += 1;
      return claimed;
    },
    async store(answer) {
      const stored = await answers.add(answer);
      if (answer.hash !== null) open -= 1;
      unpacked += answer.raw.length;
      if (unpacked >= PACK_BYTES && packing === null) pack(1).catch(onError);
      return stored;
    },
    async release(hash, fence) {
      open -= 1;
      await releases.add({ hash, fence });
    },
    reused(reuse) {
      reuses.add(reuse).catch(onError);
    },
    async record(row) {
      return parseRecord(await members.record(row));
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all([claims.idle(), answers.idle(), releases.idle(), reuses.idle()]);
      await packing?.catch(onError);
      if (begun !== null) await pack(1);
    },
  };
}
