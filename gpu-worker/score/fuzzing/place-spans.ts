import type { Rng } from '#lib/random/rng.ts';
import type { JoinedToken } from '#lib/token/join.ts';
import type { Span } from './marked-text.ts';
import { TOKEN_CLASSES, type tokenTraits } from './token-traits.ts';

/** A window as the placing sees it: its pieces' looks as numbers, since every exam compares a hundred thousand of them. */
export interface PlacingWindow {
  length: number;
  /** Index into TOKEN_CLASSES a piece. */
  classes: Uint8Array;
  /** Log frequency a piece. */
  frequencies: Float64Array;
  /** Natural logarithm of how many pieces of the window have the piece's class. */
  crowds: Float64Array;
}

/** @param traitsOf by `tokenTraits` */
export function placingWindow(pieces: readonly JoinedToken[], traitsOf: ReturnType<typeof tokenTraits>): PlacingWindow {
  const traits = pieces.map(({ text }) => traitsOf(text));
  const classes = Uint8Array.from(traits, ({ of }) => of);
  const counts = new Uint32Array(TOKEN_CLASSES.length);
  for (const of of classes) counts[of]!++;
  return {
    length: pieces.length,
    classes,
    frequencies: Float64Array.from(traits, ({ log }) => log),
    crowds: Float64Array.from(classes, (of) => Math.log(counts[of]!)),
  };
}

/**
 * What unlikeness costs: a wrong class as much as a factor of e³ in frequency or half a window in position.
 * Classes weigh most, being the plainest to see.
 */
const CLASS_COST = 3;
const FREQUENCY_COST = 1;
const POSITION_COST = 6;
/** Equal to the temperature, so that a class counts as one however many pieces of the window have it. */
const CROWD_COST = 0.35;
/** Randomness of a draw: 0 takes the likest place always, which would make the same one of many. */
const TEMPERATURE = 0.35;

/**
 * How unlike a place for a span is to the span as it stands in its own window. Where the window has nothing of a piece's
 * class, as with a latent that fires on all there is of it, the other classes should be as likely as one another and not
 * as they are common: else it would always be words, and a marked word a sign of silence.
 */
function unlikeness(template: PlacingWindow, span: Span, window: PlacingWindow, start: number): number {
  let cost = 0;
  for (let i = 0; i < span.length; i++) {
    const [own, there] = [span.start + i, start + i];
    if (template.classes[own] !== window.classes[there]) cost += CLASS_COST + CROWD_COST * window.crowds[there]!;
    cost += FREQUENCY_COST * Math.abs(template.frequencies[own]! - window.frequencies[there]!);
  }
  return cost / span.length + POSITION_COST * Math.abs(span.start / template.length - start / window.length);
}

/**
 * [span][start]: −log Σ exp(−cost / T) over the placings of the spans up to this one in their order, never touching, this
 * one there; Infinity where there is none.
 */
function forwardSums(template: PlacingWindow, spans: readonly Span[], window: PlacingWindow): number[][] {
  const n = window.length;
  const free: number[][] = [];
  for (const [k, span] of spans.entries()) {
    const cost = Array.from({ length: n }, (_, start) => (start + span.length <= n ? unlikeness(template, span, window, start) / TEMPERATURE : Infinity));
    // Placings of the spans before this one that end at least one piece before each start.
    const before: number[] = [];
    if (k > 0) {
      const length = spans[k - 1]!.length;
      let sum = Infinity;
      for (let start = 0; start < n; start++) {
        const end = start - length - 1;
        if (end >= 0) sum = softMin(sum, free[k - 1]![end]!);
        before.push(sum);
      }
    }
    free.push(cost.map((own, start) => own + (k === 0 ? 0 : before[start]!)));
  }
  return free;
}

/** −log(e^−a + e^−b). */
function softMin(a: number, b: number): number {
  const low = Math.min(a, b);
  return low === Infinity ? Infinity : low - Math.log1p(Math.exp(low - Math.max(a, b)));
}

/** How ill spans of one window fit another: the least cost of all placings; Infinity where they do not fit at all. */
export function placingCost(template: PlacingWindow, spans: readonly Span[], window: PlacingWindow): number {
  const n = window.length;
  // Least cost of the spans so far with the last of them ending before each place.
  let before = new Float64Array(n + 2);
  for (const span of spans) {
    const after = new Float64Array(n + 2).fill(Infinity);
    for (let start = 0; start + span.length <= n; start++) {
      const end = start + span.length + 1;
      const least = before[start]!;
      if (least < Infinity) after[end] = least + unlikeness(template, span, window, start);
    }
    for (let end = 1; end < after.length; end++) after[end] = Math.min(after[end]!, after[end - 1]!);
    before = after;
  }
  return before[n + 1]!;
}

/**
 * Spans of the template's number and lengths, in its order, at random places of another window: each placing is drawn
 * with probability ∝ exp(−unlikeness / T), so that the marked tokens have the class, the frequency and the position that
 * the template's have, as far as the window holds such. Null where they do not fit.
 */
export function placeSpans(template: PlacingWindow, spans: readonly Span[], window: PlacingWindow, rng: Rng): Span[] | null {
  const free = forwardSums(template, spans, window);
  const placed: Span[] = [];
  let end = window.length;
  // Backwards: the last span by its own sums, then each before it among the places that leave a piece between them.
  for (let k = spans.length - 1; k >= 0; k--) {
    const { length } = spans[k]!;
    const costs = free[k]!.map((cost, start) => (start + length <= end ? cost : Infinity));
    const least = Math.min(...costs);
    if (least === Infinity) return null;
    const weights = costs.map((cost) => Math.exp(least - cost));
    let left = rng.next() * weights.reduce((sum, weight) => sum + weight, 0);
    let start = weights.findIndex((weight) => (left -= weight) < 0);
    if (start < 0) start = weights.findLastIndex((weight) => weight > 0);
    placed.unshift({ start, length });
    end = start - 1;
  }
  return placed;
}
