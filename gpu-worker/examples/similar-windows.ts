import type { WindowEmbeddings } from '#gpu-worker/activations/window-embeddings.ts';
import { GraphBuilder } from '#gpu-worker/model/onnx-graph.ts';
import { openSession, type Session } from '#gpu-worker/model/onnx.ts';
import type { Origin } from './windows.ts';

/** Fetched beyond what is wanted, as many of the nearest fire themselves or are taken. */
const OVERFETCH = 8;
/** Windows whose nearest are found in one call of the runtime; fewer where there are many windows. */
const MOST_QUERIES = 256;
/** Cosines of one call, 64 MB of them. */
const MOST_COSINES = 2 ** 24;

/** One vector index over windows, for all latents. */
export interface SimilarWindows {
  /**
   * For each window, up to `count` × 8 others near in meaning, nearest first (an exact scan); none for a window without a
   * vector. `breathe` lets others work between two calls of the runtime, some 0.1 s each, and may throw to stop.
   */
  near(origins: readonly Origin[], breathe?: () => Promise<void>): Promise<Origin[][]>;
  close(): Promise<void>;
}

/**
 * An index over embedded windows. The nearest of a window are found once, with those of the windows beside it, and kept:
 * latents' strongest windows are the same again and again, and what is found never depends on who asks in which order.
 * Takes 32 · `count` bytes a window at most, 90 MB for the 110,000 test windows of ten million tokens.
 */
export async function openSimilarWindows(windows: WindowEmbeddings, { count, threads }: { count: number; threads?: number | undefined }): Promise<SimilarWindows> {
  const { dimensions, origins, vectors } = windows;
  const n = origins.length;
  // One more, as each window is the nearest to itself.
  const k = Math.min(n, count * OVERFETCH + 1);
  const queries = Math.max(1, Math.min(MOST_QUERIES, Math.floor(MOST_COSINES / Math.max(1, n))));
  const session = n === 0 ? null : await openScan(n, dimensions, k, threads);
  const all = { data: vectors, shape: [n, dimensions] };
  const blocks = new Map<number, Promise<Int32Array>>();

  const find = async (block: number): Promise<Int32Array> => {
    const [from, to] = [block * queries, Math.min(n, (block + 1) * queries)];
    const asked = { data: vectors.subarray(from * dimensions, to * dimensions), shape: [to - from, dimensions] };
    const { nearest } = await session!.run({ queries: asked, windows: all });
    return nearest!.data as Int32Array;
  };

  const keepUnlessFailed = (block: number, found: Promise<Int32Array>): Promise<Int32Array> => {
    found.catch(() => blocks.delete(block));
    return found;
  };

  return {
    async near(wanted, breathe) {
      const out: Origin[][] = [];
      for (const origin of wanted) {
        const row = windows.rowOf(origin);
        if (row < 0) {
          out.push([]);
          continue;
        }
        const block = Math.floor(row / queries);
        if (!blocks.has(block)) {
          await breathe?.();
          if (!blocks.has(block)) blocks.set(block, keepUnlessFailed(block, find(block)));
        }
        const found = await blocks.get(block)!;
        const at = (row - block * queries) * k;
        out.push(Array.from(found.subarray(at, at + k), (other) => origins[other]!).filter((other) => other !== origin));
      }
      return out;
    },
    close: async () => {
      await Promise.allSettled(blocks.values());
      await session?.release();
    },
  };
}

async function openScan(windows: number, dimensions: number, k: number, threads: number | undefined): Promise<Session> {
  const g = new GraphBuilder();
  const cosines = g.op('Gemm', [g.input('queries', 'float', ['n', dimensions]), g.input('windows', 'float', [windows, dimensions])], { transB: 1 });
  const [, nearest] = g.ops('TopK', [cosines, g.int64([k])], 2, { axis: 1 });
  g.output('nearest', g.op('Cast', [nearest!], { to: 6 }), 'int32', ['n', k]);
  return openSession(g.build(), threads === undefined ? {} : { threads });
}
