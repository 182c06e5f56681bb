import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';

export interface HeldOut {
  shown: Example[];
  held: Example[];
}

/**
 * Sets whole documents aside, drawn by seed, until `share` of the windows are held back: a phrase that only quotes what it
 * was shown must not look good on more of the same document. Order is kept. Nothing is held where there is one document.
 */
export function holdOut(windows: readonly Example[], share: number, seed: number, latent: number): HeldOut {
  const documents = [...new Set(windows.map(({ document }) => document))].sort();
  const order = sampleIndices(rngFor(seed, 'hold out', latent), documents.length, documents.length).map((i) => documents[i] as string);
  const held = new Set<string>();
  let count = 0;
  for (const document of order.slice(0, -1)) {
    if (count >= share * windows.length) break;
    held.add(document);
    count += windows.filter((window) => window.document === document).length;
  }
  return { shown: windows.filter(({ document }) => !held.has(document)), held: windows.filter(({ document }) => held.has(document)) };
}
