import { expect, it } from 'vitest';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import type { JoinedToken } from '#lib/token/join.ts';
import type { Span } from './marked-text.ts';
import { placeSpans, placingCost, placingWindow, type PlacingWindow } from './place-spans.ts';
import { tokenTraits } from './token-traits.ts';

const TOKENS = [' the', ' of', 'ing', ' Tax', ' TAX', ' 12', ',', '.'];
const traits = tokenTraits((token) => TOKENS.indexOf(token) / 3);

function windowOf(length: number, rng: Rng): PlacingWindow {
  const pieces = Array.from({ length }, () => ({ text: TOKENS[Math.floor(rng.next() * TOKENS.length)]! }) as JoinedToken);
  return placingWindow(pieces, traits);
}

function spansIn({ length }: PlacingWindow, rng: Rng): Span[] {
  const spans: Span[] = [];
  for (let start = 0; start + 2 <= length && spans.length < 3; start += 4) spans.push({ start, length: rng.next() < 0.5 ? 1 : 2 });
  return spans;
}

/** What a span costs at a place, from its definition: class 3 and 0.35 a crowd, frequency 1, position 6. */
function costAt(template: PlacingWindow, span: Span, window: PlacingWindow, start: number): number {
  const pieces = Array.from({ length: span.length }, (_, i) => {
    const [own, there] = [span.start + i, start + i];
    const crowd = window.classes.filter((of) => of === window.classes[there]).length;
    const frequency = Math.abs(template.frequencies[own]! - window.frequencies[there]!);
    return frequency + (template.classes[own] === window.classes[there] ? 0 : 3 + 0.35 * Math.log(crowd));
  });
  return pieces.reduce((a, b) => a + b, 0) / span.length + 6 * Math.abs(span.start / template.length - start / window.length);
}

/** The least over every placing, one after another. */
function leastOfAll(template: PlacingWindow, spans: readonly Span[], window: PlacingWindow, from = 0): number {
  const [span, ...rest] = spans;
  if (span === undefined) return 0;
  let least = Infinity;
  for (let start = from; start + span.length <= window.length; start++)
    least = Math.min(least, costAt(template, span, window, start) + leastOfAll(template, rest, window, start + span.length + 1));
  return least;
}

it('costs what the cheapest of all placings costs, for windows of any length in any order', () => {
  const rng = rngFor('placing');
  // Short and long ones in turn: what an earlier window left behind must not show.
  for (const length of [3, 14, 1, 9, 0, 14, 2, 6, 12, 4, 11, 5]) {
    const [template, window] = [windowOf(12, rng), windowOf(length, rng)];
    const spans = spansIn(template, rng);
    const least = leastOfAll(template, spans, window);
    if (least === Infinity) expect(placingCost(template, spans, window)).toBe(Infinity);
    else expect(placingCost(template, spans, window)).toBeCloseTo(least, 9);
    expect(placeSpans(template, spans, window, rng) === null).toBe(least === Infinity);
  }
  expect(placingCost(windowOf(5, rng), [], windowOf(5, rng))).toBe(0);
});
