import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { cutBlocks } from './cut-blocks.ts';

it('gives each side one stretch of about its share, with a gap between, cut without holes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 5000 }), (rows) => {
      const blocks = cutBlocks(rows)!;
      expect(blocks.every(({ from, to }) => from < to)).toBe(true);
      for (const [i, { split, from }] of blocks.entries()) {
        const before = blocks[i - 1];
        expect(from).toBe(before === undefined ? 0 : before.to + (before.split === split ? 0 : 2));
      }
      expect(blocks.at(-1)!.to).toBe(rows);
      for (const [split, share] of Object.entries(SPLIT_SHARES)) {
        const own = blocks.filter((block) => block.split === split);
        expect(own.length).toBeGreaterThan(0);
        expect(own.length).toBeLessThanOrEqual(10);
        expect(Math.abs(own.at(-1)!.to - own[0]!.from - share * (rows - 4))).toBeLessThanOrEqual(1);
      }
    }),
  );
});

it('leaves alone what is too short to be cut', () => expect(cutBlocks(15)).toBeNull());
