import { isAppError } from '#lib/errors/app-error.ts';
import { MEANING_CANDIDATES, MEANING_FLOOR } from '#lib/search/meaning-floor.ts';
import type { VectorScan } from '#platform/search/types.ts';

/**
 * Ids of the entries whose meaning is near the query's, nearest first; null when the worker did not answer in time.
 * Asked for all coders, so that facets can count beyond the coders chosen; should the chosen ones' share be cut off by
 * the limit, they are asked for once more by themselves.
 */
export async function findMeaning(scan: VectorScan, vector: Float32Array, coderIds: string[] | null): Promise<string[] | null> {
  try {
    const everywhere = await scan.nearest(vector, MEANING_CANDIDATES, null);
    const cutOff = everywhere.length === MEANING_CANDIDATES && everywhere.at(-1)!.similarity >= MEANING_FLOOR;
    const chosen = cutOff && coderIds !== null ? await scan.nearest(vector, MEANING_CANDIDATES, coderIds) : [];
    const similarities = new Map([...everywhere, ...chosen].filter((hit) => hit.similarity >= MEANING_FLOOR).map((hit) => [hit.id, hit.similarity]));
    return [...similarities].sort(([, a], [, b]) => b - a).map(([id]) => id);
  } catch (error) {
    if (isAppError(error) && error.code === 'worker_unavailable') return null;
    throw error;
  }
}
