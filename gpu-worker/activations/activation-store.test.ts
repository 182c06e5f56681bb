import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { mergeShards, readLatents, shardKey, storeKey, writeShard } from './activation-store.ts';

const WIDTH = 12;
const pair = fc.record({ latent: fc.nat(WIDTH - 1), value: fc.float({ min: Math.fround(0.001), max: 100, noNaN: true }) });

describe('activation store', () => {
  it('answers for each latent what a filter over all pairs would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(pair, { maxLength: 60 }), { minLength: 1, maxLength: 4 }), async (shards) => {
        const store = memoryArtifacts();
        const all: { latent: number; place: number; value: number }[] = [];
        for (const [shard, pairs] of shards.entries()) {
          const placed = pairs.map((p, i) => ({ ...p, place: shard * 1000 + i }));
          all.push(...placed);
          await writeShard(store, 'k', shard, {
            latent: Uint32Array.from(placed, ({ latent }) => latent),
            place: Uint32Array.from(placed, ({ place }) => place),
            value: Float32Array.from(placed, ({ value }) => value),
          });
        }
        expect(await mergeShards(store, 'k', shards.length, WIDTH)).toBe(all.length);
        for (const { latent, place, value } of await readLatents(store, 'k', 3, 6)) {
          const expected = all.filter((p) => p.latent === latent);
          expect([...place]).toEqual(expected.map((p) => p.place));
          expect([...value]).toEqual(expected.map((p) => p.value));
        }
      }),
    );
  });

  it('refuses a latent beyond the coder, and names a damaged artifact', async () => {
    const store = memoryArtifacts();
    await writeShard(store, 'k', 0, { latent: Uint32Array.of(40), place: Uint32Array.of(0), value: Float32Array.of(1) });
    await expect(mergeShards(store, 'k', 1, WIDTH)).rejects.toMatchObject({ code: 'corrupt_file' });
    await writeShard(store, 'd', 0, { latent: Uint32Array.of(4), place: Uint32Array.of(0), value: Float32Array.of(1) });
    await mergeShards(store, 'd', 1, WIDTH);
    const whole = store.files.get(storeKey('d')) as Buffer;
    store.files.set(storeKey('d'), whole.subarray(0, whole.length - 12));
    await expect(readLatents(store, 'd', 0, WIDTH)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining(storeKey('d')) });
    store.files.set(shardKey('d', 0), Buffer.from('something else entirely'));
    await expect(mergeShards(store, 'd', 1, WIDTH)).rejects.toMatchObject({ code: 'corrupt_file' });
  });
});
