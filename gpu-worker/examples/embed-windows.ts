import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { Protocol } from '#lib/example/protocol.ts';
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
import { examWindows, examWindowsKey } from './exam-windows.ts';
import type { Origin } from './windows.ts';

/**
 * Address of the sentence vectors of all windows that a protocol's exams may hold. `data`: content key of the rows;
 * `tokenizer`: what turns them into text, where that key does not say it (rows given as token ids).
 */
export function windowEmbeddingsKey(data: string, protocol: Protocol, embedder: string, tokenizer?: string): string {
  const words: Record<string, string> = tokenizer === undefined ? {} : { tokenizer };
  return contentKey({ version: ALGORITHM_VERSIONS.windowEmbeddings, data, embedder, ...words, ...examWindowsKey(protocol) });
}

/** The tokens of a window that are embedded: what begins every row says nothing of its meaning. `tokens`: whole rows, `at`: a place among them. */
export function meaningfulTokens(tokens: Int32Array, at: number, length: number, bos: number | null): Int32Array {
  return tokens.subarray(tokens[at] === bos ? at + 1 : at, at + length);
}

export interface WindowsToEmbed {
  rows: StoredRows;
  dataKey: string;
  protocol: Protocol;
  tokenizer: Pick<Tokenizer, 'decode'>;
  /** SHA-256 of the tokenizer's file. */
  tokenizerSum: string;
  embedder: Embedder;
  progress?(windows: number, of: number): void;
}

/** The sentence vectors of a protocol's exam windows, each made once for all latents and kept beside the store; a stop loses at most one batch. */
export async function embedWindows(artifacts: ArtifactStore, { rows, dataKey, protocol, tokenizer, tokenizerSum, embedder, progress }: WindowsToEmbed): Promise<WindowEmbeddings> {
  const all = examWindows(rows, protocol);
  const key = windowEmbeddingsKey(dataKey, protocol, embedder.id, tokenizerSum);
  const shards = windowShardCount(all.length);
  const rowOf = (origin: Origin): number => Math.floor(origin / rows.rowLength);
  for (let shard = 0; shard < shards; shard++) {
    const windows = all.subarray(shard * WINDOW_BATCH, (shard + 1) * WINDOW_BATCH);
    if (!(await artifacts.has(windowShardKey(key, shard)))) {
      const [first, last] = [rowOf(windows[0]!), rowOf(windows.at(-1)!)];
      const held = await rows.tokens(first, last - first + 1);
      const texts = Array.from(windows, (origin) =>
        tokenizer.decode(meaningfulTokens(held, origin - first * rows.rowLength, protocol.windowLength, rows.bos)),
      );
      await writeWindowShard(artifacts, key, shard, windows, await embedder.embed(texts));
    }
    progress?.(Math.min(all.length, (shard + 1) * WINDOW_BATCH), all.length);
  }
  return readWindowEmbeddings(artifacts, key, shards);
}
