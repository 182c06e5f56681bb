import { expect, test } from 'vitest';
import { ropeFrequencies, ropeTable } from './rope.ts';

test('frequencies fall geometrically from 1; an odd number of elements keeps its own denominator', () => {
  expect([...ropeFrequencies({ theta: 10_000, dim: 4 }, 1)]).toEqual([1, 0.01]);
  const odd = ropeFrequencies({ theta: 32, dim: 5 }, 1);
  expect(odd).toHaveLength(3);
  // 32^(-2/5) = 1/4, 32^(-4/5) = 1/16.
  expect(odd[1]).toBeCloseTo(0.25, 12);
  expect(odd[2]).toBeCloseTo(0.0625, 12);
});

test('the table holds cosine and sine of position times frequency', () => {
  const { cos, sin, frequencies } = ropeTable({ theta: 100, dim: 4 }, 7);
  expect(frequencies).toBe(2);
  expect(cos[3 * 2 + 1]).toBeCloseTo(Math.cos(0.3), 6);
  expect(sin[6 * 2]).toBeCloseTo(Math.sin(6), 6);
});

test('linear divides every frequency; dynamic changes nothing up to the trained length', () => {
  const plain = ropeFrequencies({ theta: 10_000, dim: 8 }, 50);
  const linear = ropeFrequencies({ theta: 10_000, dim: 8, scaling: { kind: 'linear', factor: 4 } }, 50);
  linear.forEach((value, i) => expect(value).toBeCloseTo(plain[i]! / 4, 15));
  const dynamic = { theta: 10_000, dim: 8, scaling: { kind: 'dynamic', factor: 2, maxPositions: 50 } } as const;
  expect(ropeFrequencies(dynamic, 50)).toEqual(plain);
  // Twice the length with factor 2: theta grows by (2·2 - 1)^(8/6).
  expect(ropeFrequencies(dynamic, 100)[1]).toBeCloseTo((10_000 * 3 ** (8 / 6)) ** -0.25, 12);
});

test('llama3 keeps fast turns, slows slow ones by the factor, and joins the two without a jump', () => {
  const scaling = { kind: 'llama3', factor: 8, lowFrequency: 1, highFrequency: 4, originalPositions: 8192 } as const;
  const plain = ropeFrequencies({ theta: 500_000, dim: 128 }, 1);
  const scaled = ropeFrequencies({ theta: 500_000, dim: 128, scaling }, 1);
  plain.forEach((frequency, i) => {
    const turns = (8192 * frequency) / (2 * Math.PI);
    const ratio = scaled[i]! / frequency;
    if (turns > 4) expect(ratio).toBe(1);
    else if (turns < 1) expect(ratio).toBe(1 / 8);
    else expect(ratio).toBeCloseTo(1 / 8 + (7 / 8) * ((turns - 1) / 3), 12);
  });
});
