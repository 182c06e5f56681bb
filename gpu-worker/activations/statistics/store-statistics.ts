import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { OpenStore } from '#gpu-worker/activations/store/open-store.ts';
import { openStatistics, statisticsKey, writeStatistics, type Statistics } from './statistics-file.ts';

/** The statistics of a store's coder, by its number; made first where they are not there yet. */
export async function storeStatistics(artifacts: ArtifactStore, { manifest, rows, coders }: OpenStore, number: number): Promise<Statistics> {
  const key = statisticsKey(manifest.coders[number]!, manifest.data.key);
  if (!(await artifacts.has(key))) await writeStatistics(artifacts, key, rows, coders[number]!);
  return openStatistics(artifacts, key);
}
