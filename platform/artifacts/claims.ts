import { z } from 'zod';
import { isOver, thisProcess } from './processes.ts';
import type { ArtifactStore } from './types.ts';

const FOLDER = 'claims';
const BEAT_MS = 10_000;
/** A holder that has not beaten for so long is taken for dead; by the watcher's own clock, so that clocks may differ. */
const STALE_MS = 60_000;

const holderSchema = z.object({ host: z.string(), space: z.string(), pid: z.number().int(), began: z.string(), beat: z.number().int() });

/** A piece of work that one process has taken, until it lets go or dies. */
export interface Claim {
  release(): Promise<void>;
}

export interface Claims {
  /**
   * Takes `name`, or gives null when another process works on it. Whoever gets it must look whether the work has been
   * done meanwhile. A holder that this process can see to be dead, or that has been silent for a minute, has lost it.
   */
  take(name: string): Promise<Claim | null>;
}

/**
 * Claims among the processes that share an artifact storage. Each is a file that only one can create; a lost one is
 * not deleted, which two could do at once, but followed by a file of the next number, which again only one can create.
 * A process that was only slow does its work a second time, to the same bytes.
 */
export function createClaims(store: ArtifactStore, now: () => number = () => performance.now()): Claims {
  const seen = new Map<string, { text: string; since: number }>();
  const me = thisProcess();
  let beat = 0;
  const content = (): Buffer => Buffer.from(JSON.stringify({ ...me, beat: beat++ }));

  async function isLost(key: string): Promise<boolean> {
    const text = await store.read(key).then(String, () => null);
    // Released between the listing and now.
    if (text === null) return false;
    const holder = holderSchema.safeParse(parse(text));
    if (holder.success && isOver(holder.data)) return true;
    const known = seen.get(key);
    if (known?.text === text) return now() - known.since > STALE_MS;
    seen.set(key, { text, since: now() });
    return false;
  }

  return {
    async take(name) {
      const folder = `${FOLDER}/${name}`;
      const last = (await store.list(folder)).at(-1);
      if (last !== undefined && !(await isLost(last))) return null;
      const number = last === undefined ? 0 : Number(/(\d+)\.json$/.exec(last)?.[1]) + 1;
      const key = `${folder}/${String(number).padStart(6, '0')}.json`;
      if (!(await store.create(key, content()))) return null;
      let beating: Promise<unknown> = Promise.resolve();
      const timer = setInterval(() => {
        // A beat that fails is made up for by the next; five in a row, and the claim is lost to the others.
        beating = store.write(key, content()).catch(() => undefined);
      }, BEAT_MS);
      timer.unref();
      return {
        async release() {
          clearInterval(timer);
          await beating;
          for (const claim of await store.list(folder)) if (claim <= key) await store.delete(claim);
        },
      };
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
