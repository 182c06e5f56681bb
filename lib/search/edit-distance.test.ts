import { expect, test } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { allowedTypos, editDistance } from './edit-distance.ts';

test('counts single-letter edits and swaps of neighbours', () => {
  expect(editDistance('railrod', 'railroad', 2)).toBe(1);
  expect(editDistance('treasry', 'treasury', 2)).toBe(1);
  expect(editDistance('sapin', 'spain', 2)).toBe(1);
  expect(editDistance('kitten', 'sitting', 5)).toBe(3);
  expect(editDistance('', 'ab', 5)).toBe(2);
  expect(editDistance('ca', 'abc', 5)).toBe(3);
  expect(editDistance('same', 'same', 0)).toBe(0);
});

test('says limit + 1 beyond the limit', () => {
  expect(editDistance('kitten', 'sitting', 2)).toBe(3);
  expect(editDistance('a', 'abcdef', 2)).toBe(3);
  expect(editDistance('abc', 'xyz', 1)).toBe(2);
});

/** The recursive definition, written as it stands in the literature. */
function defined(a: string, b: string): number {
  if (!a || !b) return a.length + b.length;
  const [p, q] = [a.slice(0, -1), b.slice(0, -1)];
  let best = Math.min(defined(p, b) + 1, defined(a, q) + 1, defined(p, q) + (a.at(-1) === b.at(-1) ? 0 : 1));
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)) best = Math.min(best, defined(a.slice(0, -2), b.slice(0, -2)) + 1);
  return best;
}

test('agrees with the recursive definition', () => {
  const rng = rngFor('edits');
  const word = (): string => Array.from({ length: rng.int(6) }, () => 'abc'[rng.int(3)]).join('');
  for (let i = 0; i < 300; i++) {
    const [a, b] = [word(), word()];
    for (const limit of [0, 1, 2, 9]) expect(editDistance(a, b, limit)).toBe(Math.min(defined(a, b), limit + 1));
  }
});

test('short words and numbers get no typos', () => {
  expect(['tax', 'war', '1898', 'b52s', 'navy', 'spain', 'treasury', 'constitution'].map(allowedTypos)).toEqual([0, 0, 0, 0, 1, 1, 2, 2]);
});
