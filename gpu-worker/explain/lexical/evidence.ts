import type { AnnotatedText } from './annotate.ts';
import { annotateWindow } from './annotated-windows.ts';
import type { Lexicon } from './lexicon.ts';
import type { LexicalWindow } from './types.ts';

/** A latent's train windows with their features. Tokens are numbered over all windows, one window after another. */
export interface Evidence {
  windows: readonly AnnotatedText[];
  /** First token of each window, and the end of the last. */
  starts: Int32Array;
  /** The window each token is in. */
  windowOf: Int32Array;
  /** One a token; 0 is silence. */
  activations: Float32Array;
}

export function gatherEvidence(windows: readonly LexicalWindow[], lexicon: Lexicon): Evidence {
  const starts = new Int32Array(windows.length + 1);
  windows.forEach(({ tokens }, w) => (starts[w + 1] = starts[w]! + tokens.length));
  const activations = new Float32Array(starts[windows.length]!);
  const windowOf = new Int32Array(activations.length);
  windows.forEach((window, w) => {
    activations.set(window.activations, starts[w]);
    windowOf.fill(w, starts[w], starts[w + 1]);
  });
  return { windows: windows.map(({ tokens, before }) => annotateWindow(lexicon, tokens, before)), starts, windowOf, activations };
}
