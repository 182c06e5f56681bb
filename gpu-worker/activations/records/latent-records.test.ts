import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { openLatentRecords, writeLatentRecords } from './latent-records.ts';

const LAYOUT = { small: { kind: 'f32', length: 3 }, wide: { kind: 'f64', length: 2 }, whole: { kind: 'u32', length: 1 } } as const;
const FORMAT = { format: 'test records', version: 1, layout: LAYOUT, about: z.object({ total: z.number() }) };
const record = (latent: number) => ({ small: [latent, latent / 2, -1], wide: [latent / 3, 1e300], whole: [2 ** 32 - 1 - latent] });

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'atlas-records-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('records of latents', () => {
  it('come back as they were, from a disk that still writes one piece while the next is made', async () => {
    const artifacts = createLocalArtifacts(dir);
    // Several pieces of a megabyte.
    const width = 100_000;
    let total = 0;
    function* records() {
      for (; total < width; total++) yield record(total);
    }
    await writeLatentRecords(artifacts, 'a/records.bin', FORMAT, records(), () => ({ total }));
    const file = await openLatentRecords(artifacts, 'a/records.bin', FORMAT);
    expect(file.about).toEqual({ total: width });
    let latent = 0;
    let wrong = 0;
    for await (const { small, wide, whole } of file.sweep()) {
      const expected = record(latent++);
      if (small[1] !== Math.fround(expected.small[1]!) || wide[0] !== expected.wide[0] || whole[0] !== expected.whole[0]) wrong++;
    }
    expect({ latent, wrong }).toEqual({ latent: width, wrong: 0 });
    const one = await file.record(77_777);
    expect({ small: [...one.small], wide: [...one.wide], whole: [...one.whole] }).toEqual({
      small: [77_777, 38_888.5, -1],
      wide: [77_777 / 3, 1e300],
      whole: [2 ** 32 - 1 - 77_777],
    });
    // Stretches, gaps, and an order of one's own.
    const asked = [5, 6, 7, 99_999, 3, 4, 0];
    expect((await file.records(asked)).map(({ small }) => small[0])).toEqual(asked);
    await expect(file.records([1, width])).rejects.toMatchObject({ code: 'bad_request' });
    await file.close();
  });

  it('are refused by who asks for other fields, and none is there beyond the last', async () => {
    const artifacts = memoryArtifacts();
    await writeLatentRecords(artifacts, 'a.bin', FORMAT, [record(0), record(1)], () => ({ total: 2 }));
    const other = { ...FORMAT, layout: { ...LAYOUT, whole: { kind: 'u32', length: 2 } } } as const;
    await expect(openLatentRecords(artifacts, 'a.bin', other)).rejects.toMatchObject({ code: 'corrupt_file' });
    await expect(openLatentRecords(artifacts, 'a.bin', { ...FORMAT, version: 2 })).rejects.toMatchObject({ code: 'unsupported' });
    const file = await openLatentRecords(artifacts, 'a.bin', FORMAT);
    for (const latent of [-1, 2, 0.5]) await expect(file.record(latent)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('of no latents are a file too', async () => {
    const artifacts = memoryArtifacts();
    await writeLatentRecords(artifacts, 'a.bin', FORMAT, [], () => ({ total: 0 }));
    const file = await openLatentRecords(artifacts, 'a.bin', FORMAT);
    expect(file.width).toBe(0);
    for await (const _ of file.sweep()) expect.unreachable();
  });
});
