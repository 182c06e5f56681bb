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
  const { length } = pieces;
  const classes = new Uint8Array(length);
  const [frequencies, crowds] = [new Float64Array(length), new Float64Array(length)];
  const counts = new Uint32Array(TOKEN_CLASSES.length);
  for (let i = 0; i < length; i++) {
    const { of, log } = traitsOf(pieces[i]!.text);
    classes[i] = of;
    frequencies[i] = log;
    counts[of]!++;
  }
  for (let i = 0; i < length; i++) crowds[i] = Math.log(counts[classes[i]!]!);
  return { length, classes, frequencies, crowds };
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
  const { classes, frequencies, crowds } = window;
  const first = span.start;
  let cost = 0;
  for (let i = 0; i < span.length; i++) {
    if (template.classes[first + i] !== classes[start + i]) cost += CLASS_COST + CROWD_COST * crowds[start + i]!;
    cost += FREQUENCY_COST * Math.abs(template.frequencies[first + i]! - frequencies[start + i]!);
  }
  return cost / span.length + POSITION_COST * Math.abs(first / template.length - start / window.length);
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

/** Least costs by place, for this span and the one before it: an exam asks 2,500 times, and new arrays took most of the time. */
let [before, after] = [new Float64Array(0), new Float64Array(0)];

/** How ill spans of one window fit another: the least cost of all placings; Infinity where they do not fit at all. */
export function placingCost(template: PlacingWindow, spans: readonly Span[], window: PlacingWindow): number {
  const n = window.length;
  if (before.length < n + 2) [before, after] = [new Float64Array(2 * n + 2), new Float64Array(2 * n + 2)];
  // Least cost of the spans so far with the last of them ending before each place.
  before.fill(0, 0, n + 2);
  for (const span of spans) {
    const [so, now] = [before, after];
    const gap = span.length + 1;
    now.fill(Infinity, 0, Math.min(gap, n + 2));
    let least = Infinity;
    for (let end = gap; end < n + 2; end++) {
      const own = so[end - gap]!;
      // No place is dearer than not looking: a cost is never negative.
      if (own < least) least = Math.min(least, own + unlikeness(template, span, window, end - gap));
      now[end] = least;
    }
    [before, after] = [now, so];
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
