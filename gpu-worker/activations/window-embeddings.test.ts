import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import { readWindowEmbeddings, windowShardKey, writeWindowShard } from './window-embeddings.ts';

const [KEY, DIMENSIONS] = ['k', 4];
const shards = [Uint32Array.of(0, 32, 96), Uint32Array.of(128)];
const vectorsOf = (windows: Uint32Array): Float32Array => Float32Array.from({ length: windows.length * DIMENSIONS }, (_, i) => windows[0]! + i / 8);

it('gives back what was written, and names a shard of which one bit has changed since', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'window-embeddings-'));
  try {
    const artifacts = createLocalArtifacts(folder);
    for (const [i, windows] of shards.entries()) await writeWindowShard(artifacts, KEY, i, windows, vectorsOf(windows));
    const read = await readWindowEmbeddings(artifacts, KEY, shards.length);
    expect([...read.origins]).toEqual([0, 32, 96, 128]);
    expect([...read.vectors]).toEqual([...vectorsOf(shards[0]!), ...vectorsOf(shards[1]!)]);
    expect([read.rowOf(96), read.rowOf(64), read.dimensions]).toEqual([2, -1, DIMENSIONS]);

    const shard = windowShardKey(KEY, 1);
    const bytes = await readFile(join(folder, shard));
    // A bit of the last vector, which stands before the artifact's own trailer.
    bytes[bytes.length - 45]! ^= 1;
    await writeFile(join(folder, shard), bytes);
    await expect(readWindowEmbeddings(artifacts, KEY, shards.length)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining(shard) });
  } finally {
    await rm(folder, { recursive: true });
  }
});
