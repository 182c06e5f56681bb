import { describe, expect, it } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { dealRows, rowSignature } from './token-file-rows.ts';

const row = (seed: number): Int32Array => {
  const rng = rngFor('rows', seed);
  return Int32Array.from({ length: 256 }, () => rng.int(5000));
};
/** The row with every hundredth token replaced: most of its runs of five are the other's. */
const edited = (ids: Int32Array): Int32Array => ids.map((id, i) => (i % 100 === 99 ? 6000 : id));

describe('dealRows', () => {
  it('keeps rows that are nearly equal on one side, in whatever order they come', () => {
    const rows = Array.from({ length: 300 }, (_, seed) => row(seed));
    const pairs = rows.flatMap((ids) => [ids, edited(ids)]);
    const sides = dealRows(pairs.map(rowSignature));
    for (let i = 0; i < pairs.length; i += 2) expect(sides[i]).toBe(sides[i + 1]);
    const back = dealRows([...pairs].reverse().map(rowSignature));
    expect(back.reverse()).toEqual(sides);
  });

  it('deals rows in the shares of the sides', () => {
    const sides = dealRows(Array.from({ length: 4000 }, (_, seed) => rowSignature(row(seed))));
    const share = (wanted: string): number => sides.filter((side) => side === wanted).length / sides.length;
    expect(share('train') + share('test') + share('reserve')).toBe(1);
    for (const [side, expected] of Object.entries(SPLIT_SHARES)) expect(Math.abs(share(side) - expected)).toBeLessThan(0.03);
  });
});
