import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import { rngFor, sampleIndices, type Rng } from '#lib/random/rng.ts';
import { assignment } from '#lib/stats/assignment.ts';
import { joinTokens } from '#lib/token/join.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';
import { firingSpans, type Span } from './marked-text.ts';
import { placeSpans, placingCost, placingWindow, type PlacingWindow } from './place-spans.ts';
import { tokenTraits, type TokenFrequency } from './token-traits.ts';

/** Cost of a pair that cannot be: finite, as the matching needs, and above all that can. */
const IMPOSSIBLE = 1e4;

export interface MarkingOptions {
  /** A token is marked where the latent fires above this share of its window's maximum. */
  threshold: number;
  frequency: TokenFrequency;
}

/**
 * What is highlighted in each window of an exam. In firing windows the firing tokens; in silent ones spans like those:
 * every silent window takes the spans of one firing window, their number and lengths exactly, and places them on tokens of
 * their class, frequency and position. Which firing window goes with which silent one is the matching of least unlikeness,
 * so that the silent windows' marks have, together, the distribution of the firing ones' (method.md §5.3 lists by what
 * unmatched marks give themselves away). Draws are seeded by (seed, latent, window).
 *
 * @returns one list a window, parallel to the exam's; empty only where the window has no piece to spare
 */
export function markExam({ exam, latent, seed }: LatentExam, { threshold, frequency }: MarkingOptions): Span[][] {
  const traits = tokenTraits(frequency);
  const windows = exam.windows.map(({ tokens, activations }) => placingWindow(joinTokens(tokens, activations), traits));
  const marks: Span[][] = exam.windows.map((window) => (window.kind === 'activating' ? firingSpans(window, threshold) : []));
  const templates = exam.windows.flatMap((_, i) => (exam.positive[i] && marks[i]!.length > 0 ? [i] : []));
  if (templates.length === 0) return marks;
  for (const kind of NEGATIVE_CLASSES) {
    const silent = exam.windows.flatMap((window, i) => (window.kind === kind ? [i] : []));
    // As many templates as windows, each as often as any other, before anything is known of how well they fit.
    const order = sampleIndices(rngFor(seed, 'fuzzing templates', latent, kind), templates.length, templates.length);
    const used = silent.map((_, n) => templates[order[n % order.length]!]!);
    const cost = (template: number, window: number): number => placingCost(windows[template]!, marks[template]!, windows[window]!);
    const weights = new Float64Array(used.length * silent.length);
    for (const [t, template] of used.entries())
      for (const [w, window] of silent.entries()) weights[t * silent.length + w] = -Math.min(IMPOSSIBLE, cost(template, window));
    for (const [t, w] of assignment(weights, used.length, silent.length).pairs) {
      const { row, start } = exam.windows[silent[w]!]!;
      marks[silent[w]!] = placed(windows[used[t]!]!, marks[used[t]!]!, windows[silent[w]!]!, rngFor(seed, 'fuzzing', latent, row, start));
    }
  }
  return marks;
}

/** A window too short for all spans takes as many as fit, and one too short for a span is marked as a whole. */
export function placed(template: PlacingWindow, spans: readonly Span[], window: PlacingWindow, rng: Rng): Span[] {
  for (let count = spans.length; count > 0; count--) {
    const found = placeSpans(template, spans.slice(0, count), window, rng);
    if (found !== null) return found;
  }
  return window.length === 0 ? [] : [{ start: 0, length: window.length }];
}
