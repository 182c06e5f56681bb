import type { Explainer } from './explainer.ts';
import { sayLocally } from './local.ts';

const TEMPLATE = 'positional-1';
/** The part of the row that is named holds this share of the activations. */
const HELD = 0.8;

/**
 * A latent that fires by place and not by content (positional test, method.md §5.9): the shortest stretch of the row that
 * holds four fifths of its activations, said in tokens. Worked out here: windows have lost their place in the row, so
 * that a language model shown them could only make something up.
 */
export const positionalExplainer: Explainer = {
  method: 'positional',
  asks: false,
  prepare({ firing, profile }, settings) {
    const counts = Array.from(profile.positions);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return { kind: 'unfit', reason: 'It is not known at which positions it fires.' };
    const [from, to] = shortestStretch(counts, HELD * total);
    if (to - from === counts.length) return { kind: 'unfit', reason: 'It fires all over the row, so that no position says when.' };
    const share = counts.slice(from, to).reduce((sum, count) => sum + count, 0) / total;
    const text = stretchPhrase(from, to, counts.length, profile.rowLength);
    return sayLocally(text, { template: TEMPLATE, firing, facts: { stretch: [from, to], parts: counts.length, share } }, settings);
  },
};

/** The shortest run [from, to) of parts that holds at least `wanted`, the earliest of equals. */
export function shortestStretch(counts: readonly number[], wanted: number): [from: number, to: number] {
  let best: [number, number] = [0, counts.length];
  for (let from = 0; from < counts.length; from++) {
    let held = 0;
    for (let to = from; to < counts.length; to++) {
      held += counts[to] as number;
      if (held < wanted) continue;
      if (to + 1 - from < best[1] - best[0]) best = [from, to + 1];
      break;
    }
  }
  return best;
}

function stretchPhrase(from: number, to: number, parts: number, rowLength: number): string {
  const first = Math.floor((from * rowLength) / parts);
  const last = Math.floor((to * rowLength) / parts);
  if (from === 0) return `The first ${last} tokens of a passage, whatever they say`;
  if (to === parts) return `The last ${rowLength - first} tokens of a passage of ${rowLength}, whatever they say`;
  return `Tokens ${first + 1} to ${last} of a passage, whatever they say`;
}
