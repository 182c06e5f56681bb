import { expect, it } from 'vitest';
import { buildBackground } from './background.ts';
import { gatherEvidence } from './evidence.ts';
import { learnThreshold } from './learn-threshold.ts';

const table = { text: (id: number): string => ` ${'abcdefgh'[id]!}` };
const rows = Array.from({ length: 8 }, (_, r) => new Int32Array(32).fill(r));
const background = buildBackground(rows, table);
const evidence = gatherEvidence(
  [0, 1].map((id) => ({ tokens: new Int32Array(32).fill(id), activations: new Float32Array(32).fill(1) })),
  background.lexicon,
);

it('cuts halfway between the windows that fire and the rest', () => {
  const cut = learnThreshold(evidence, background, [{ weight: 3, trainTokens: Int32Array.of(0, 40), sampleTokens: Int32Array.of() }], -1);
  expect(cut).toBe(0.5);
});

it('gives up one firing window rather than admit many silent ones', () => {
  const features = [
    { weight: 4, trainTokens: Int32Array.of(0), sampleTokens: Int32Array.of() },
    { weight: 1, trainTokens: Int32Array.of(40), sampleTokens: Int32Array.from({ length: 7 }, (_, w) => 32 * w) },
  ];
  expect(learnThreshold(evidence, background, features, 0)).toBe(2.5);
});

it('lies above everything when nothing tells the sides apart', () => {
  expect(learnThreshold(evidence, background, [], -1)).toBe(0);
  expect(learnThreshold(evidence, background, [{ weight: 2, trainTokens: Int32Array.of(), sampleTokens: Int32Array.of(3) }], 0)).toBe(3);
});
