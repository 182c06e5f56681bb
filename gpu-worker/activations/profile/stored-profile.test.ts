import { expect, test } from 'vitest';
import { storedProfileSchema } from '#lib/latent/profile.ts';
import type { LatentProfile } from '#gpu-worker/activations/statistics/latent-profile.ts';
import { storedProfile, type ProfileParts } from './stored-profile.ts';

const TEXTS = ['\u0000', ' the', ' war'];
const dead: LatentProfile = {
  count: 0,
  windows: 0,
  frequency: 0,
  windowFrequency: 0,
  max: 0,
  mean: 0,
  histogram: new Float64Array(40),
  histogramBelow: 0,
  quantiles: new Float64Array(11),
  positions: new Float64Array(16),
  positionInformation: 0,
  tokens: null,
};
const war = { token: 2, active: 9, total: 100 / 3, occurrences: 10 };
const alive: LatentProfile = {
  ...dead,
  count: 60,
  windows: 8,
  windowFrequency: 2 / 3,
  max: 8,
  histogram: Float64Array.from({ length: 40 }, (_, i) => (i === 39 ? 10 : 0)),
  quantiles: Float64Array.from({ length: 11 }, (_, i) => i / 3),
  tokens: {
    entropy: 0.468995593589,
    mostFrequent: 2,
    mostFrequentShare: 0.9,
    strongestShare: 1,
    strongerHalfShare: 1,
    byTotal: [war, { token: 0, active: 1, total: 1, occurrences: 7 }],
    byMean: [war],
    documents: 4,
  },
};
const parts = (statistics: LatentProfile): ProfileParts => ({
  statistics,
  effects: null,
  neighbours: { coOccurrence: [{ latent: 5, similarity: Math.fround(0.1) }], decoder: null, encoder: [] },
  rows: { counted: 3, all: 9 },
  rowLength: 256,
  text: (token) => TEXTS[token]!,
});

test('tokens are stored as their texts, in a form that PostgreSQL takes, and figures with six digits', () => {
  const stored = storedProfile(parts(alive));
  expect(storedProfileSchema.parse(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
  expect(JSON.stringify(stored)).not.toContain('\\u0000');
  expect(stored.tokens).toMatchObject({
    mostFrequent: ' war',
    singleToken: 'strong',
    documents: 4,
    byTotal: [
      { text: ' war', total: 33.3333 },
      { text: '\u2400', total: 1 },
    ],
  });
  expect(stored.histogram).toMatchObject({ from: 8 / 1024, to: 8, below: 0 });
  expect(stored.windowFrequency).toBe(0.666667);
  expect(stored.quantiles[1]).toBe(0.333333);
});

test('what a coder does not have is null, and an estimate says from how many rows', () => {
  const stored = storedProfile(parts(alive));
  expect(stored.logitEffects).toBeNull();
  expect(stored.neighbours).toEqual({ coOccurrence: { nearest: [{ index: 5, similarity: 0.1 }], rows: { counted: 3, all: 9 } }, decoder: null, encoder: { nearest: [] } }); // prettier-ignore
});

test('effects keep their order and the ends of their histogram', () => {
  const effects = {
    latent: 1,
    promoted: [{ token: 2, effect: 1.25 }],
    suppressed: [{ token: 1, effect: -2.000000476837158 }],
    histogram: Uint32Array.of(1, 0, 2),
  };
  expect(storedProfile({ ...parts(alive), effects }).logitEffects).toEqual({
    promoted: [{ text: ' war', effect: 1.25 }],
    suppressed: [{ text: ' the', effect: -2 }],
    histogram: { from: -2, to: 1.25, counts: [1, 0, 2] },
  });
});

test('a dead latent has no histogram and no tokens, but neighbours', () => {
  const stored = storedProfile(parts(dead));
  expect(storedProfileSchema.parse(stored)).toMatchObject({ histogram: null, tokens: null, windows: 0, quantiles: new Array(11).fill(0) });
  expect(stored.neighbours.coOccurrence.nearest).toHaveLength(1);
});
