import { expect, it } from 'vitest';
import { klSoftmax } from './kl-softmax.ts';

it('is the definition, in nats, whatever is added to a row', () => {
  const p = [0.7, 0.2, 0.1];
  const q = [0.1, 0.3, 0.6];
  const expected = p.reduce((sum, pi, i) => sum + pi * Math.log(pi / q[i]!), 0);
  expect(
    klSoftmax(
      p.map((v) => Math.log(v) + 500),
      q.map((v) => Math.log(v) - 500),
    ),
  ).toBeCloseTo(expected, 10);
  expect(klSoftmax(p, p)).toBe(0);
  expect(klSoftmax([1, NaN], [1, 2])).toBeNaN();
});
