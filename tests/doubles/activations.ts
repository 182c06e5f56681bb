import { markShard, mergeCoder, runKey } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import type { CoderFacts } from '#gpu-worker/activations/store/coder-file.ts';
import type { CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import { writeRun } from '#gpu-worker/activations/store/run-stream.ts';
import { Spill } from '#gpu-worker/activations/store/spill.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';

export interface Pair {
  latent: number;
  place: number;
  value: number;
}

/** Writes one coder's activations under a content key, as collecting them would; places of a latent ascending. */
export async function writeCoder(store: ArtifactStore, key: string, facts: CoderFacts, pairs: readonly Pair[]): Promise<CoderEntry> {
  const all = { first: 0, count: facts.rows };
  let runs = 0;
  const spill = new Spill(facts.width, Math.max(1, pairs.length), (words, count) => writeRun(store, runKey(key, all, runs++), [words], () => count));
  for (const { latent, place, value } of pairs) spill.push(latent, place, value);
  const totals = await spill.finish();
  await markShard(store, key, all, { runs, ...totals });
  return mergeCoder(store, { key, shards: [all], facts, madeOf: {} });
}
