import { describe, expect, it } from 'vitest';
import { erfc, normalCdf, normalQuantile } from './normal.ts';

/** Values to 16 digits or more from NIST's Digital Library of Mathematical Functions and Abramowitz and Stegun. */
describe('normal distribution', () => {
  it.each([
    [0, 1],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [1.5, 0.033894853524689274],
    [2, 0.004677734981047266],
    [5, 1.5374597944280349e-12],
    [-1, 1.8427007929497148],
  ])('erfc(%d)', (x, expected) => {
    expect(Math.abs(erfc(x) / expected - 1)).toBeLessThan(1e-13);
  });

  it('is continuous where the series hands over to the fraction', () => {
    expect(erfc(1.5 - 1e-12) / erfc(1.5 + 1e-12) - 1).toBeLessThan(1e-11);
  });

  it.each([
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.95, 1.6448536269514722],
    [1e-10, -6.361340902404056],
  ])('quantile at %d', (p, expected) => {
    expect(Math.abs(normalQuantile(p) - expected)).toBeLessThan(1e-13);
  });

  it('is undone by the cdf over the whole range', () => {
    for (let x = -30; x <= 8; x += 0.37) expect(Math.abs(normalQuantile(normalCdf(x)) - x)).toBeLessThan(x > 5 ? 1e-2 : 1e-9);
  });

  it('has its ends at infinity and nothing outside', () => {
    expect([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)]).toEqual([-Infinity, 0, Infinity]);
    expect([normalQuantile(-0.1), normalQuantile(1.1), normalQuantile(NaN), erfc(NaN)]).toEqual([NaN, NaN, NaN, NaN]);
  });
});
