import type { Protocol } from '#lib/example/protocol.ts';
import { silentRowWindow } from './negatives.ts';
import { tilesOf, type Origin, type RowLayout } from './windows.ts';

type Windows = Pick<Protocol, 'windowLength' | 'sides' | 'randomFrom'>;

/**
 * All windows that an exam under the protocol may hold, ascending: what is embedded once for all latents. Those of test
 * documents, or of all where sides share them, and then the paper's windows of silent rows too, which are no tiles.
 */
export function examWindows(layout: RowLayout, { windowLength, sides, randomFrom }: Windows): Uint32Array {
  const tiles = tilesOf(layout, windowLength, sides === 'shared' ? null : 'test');
  if (randomFrom !== 'silent_rows') return tiles;
  const all = new Set<Origin>(tiles);
  for (let row = 0; row < layout.rows; row++) {
    const origin = silentRowWindow(layout, row, windowLength);
    if (origin !== null) all.add(origin);
  }
  return Uint32Array.from(all).sort();
}

/** What tells two protocols' exam windows apart: part of the key of their embeddings. */
export const examWindowsKey = ({ windowLength, sides, randomFrom }: Windows): Record<string, string | number> => ({
  length: windowLength,
  side: sides === 'shared' ? 'all' : 'test',
  silentRows: randomFrom === 'silent_rows' ? 1 : 0,
});
