import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { Split } from '#lib/example/schema.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import type { StoredRows } from '#gpu-worker/activations/store/types.ts';
import {
  readWindowEmbeddings,
  WINDOW_BATCH,
  windowShardCount,
  windowShardKey,
  writeWindowShard,
  type WindowEmbeddings,
} from '#gpu-worker/activations/window-embeddings.ts';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import type { Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { tilesOf } from './windows.ts';

export interface WindowsToEmbed {
  rows: StoredRows;
  /** Content key of the rows. */
  dataKey: string;
  /** Tokens in a window. */
  length: number;
  /** Null: of all rows. */
  side: Split | null;
  tokenizer: Pick<Tokenizer, 'decode'>;
  embedder: Embedder;
  progress?(windows: number, of: number): void;
}

/** The sentence vectors of a side's tiles, each made once for all latents and kept beside the store; a stop loses at most one batch. */
export async function embedWindows(artifacts: ArtifactStore, { rows, dataKey, length, side, tokenizer, embedder, progress }: WindowsToEmbed): Promise<WindowEmbeddings> {
  const tiles = tilesOf(rows, length, side);
  const key = contentKey({ version: ALGORITHM_VERSIONS.windowEmbeddings, data: dataKey, embedder: embedder.id, length, side });
  const shards = windowShardCount(tiles.length);
  for (let shard = 0; shard < shards; shard++) {
    const windows = tiles.slice(shard * WINDOW_BATCH, (shard + 1) * WINDOW_BATCH);
    if (!(await artifacts.has(windowShardKey(key, shard)))) {
      const [first, last] = [Math.floor(windows[0]! / rows.rowLength), Math.floor(windows.at(-1)! / rows.rowLength)];
      const held = await rows.tokens(first, last - first + 1);
      const texts = Array.from(windows, (origin) => {
        const start = origin - first * rows.rowLength;
        // What begins every row says nothing of its meaning.
        return tokenizer.decode(held.subarray(held[start] === rows.bos ? start + 1 : start, start + length));
      });
      await writeWindowShard(artifacts, key, shard, windows, await embedder.embed(texts));
    }
    progress?.(Math.min(tiles.length, (shard + 1) * WINDOW_BATCH), tiles.length);
  }
  return readWindowEmbeddings(artifacts, key, shards);
}
