import { AppError } from '#lib/errors/app-error.ts';
import { GraphBuilder, type Value } from '#gpu-worker/model/onnx-graph.ts';
import { openSession, type Device, type Session } from '#gpu-worker/model/onnx.ts';
import type { CoderMatrix, SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { NearestLists } from './nearest-lists.ts';

/** Latents compared at once: 512 × 8,192 cosines take 16 MB, and rows of 4,096 numbers 128 MB. */
const QUERY_BLOCK = 512;
const CANDIDATE_BLOCK = 8192;

export type CoderSide = 'decoder' | 'encoder';

export interface CosineOptions {
  first?: number;
  count?: number;
  threads?: number | undefined;
  device?: Device;
  /** Called between blocks with how many latents are done: lets others work, and may throw to stop. */
  breathe?: (done: number) => Promise<void>;
}

/**
 * For latents [first, first + count) the k others of greatest cosine between rows of the decoder, or of the encoder: exact,
 * in blocks (a product and a top-k in the runtime), so that memory does not grow with the square of the width. A zero row
 * has cosine 0 with every other. Throws AppError 'unsupported' for a coder without such a matrix (neurons).
 */
export async function cosineNeighbours(
  coder: SparseCoder,
  side: CoderSide,
  k: number,
  { first = 0, count = coder.width - first, threads, device, breathe }: CosineOptions = {},
): Promise<NearestLists> {
  const matrix = coder[side];
  if (matrix === null) throw new AppError('unsupported', `${coder.dir} has no ${side} matrix: its latents are the elements themselves, all at right angles.`);
  if (first < 0 || count < 0 || first + count > coder.width)
    throw new AppError('bad_request', `The coder has latents 0 to ${coder.width - 1}; ${first} to ${first + count - 1} were asked for.`, { field: 'latent' });
  const session = await openSession(similarityGraph(matrix), { threads, device });
  const lists = new NearestLists(count, k);
  try {
    for (let query = first; query < first + count; query += QUERY_BLOCK) {
      const queries = Math.min(QUERY_BLOCK, first + count - query);
      for (let candidate = 0; candidate < coder.width; candidate += CANDIDATE_BLOCK) {
        const candidates = Math.min(CANDIDATE_BLOCK, coder.width - candidate);
        // One more, as a latent finds itself.
        const { scores, indices, kept } = await nearestInBlock(session, { query, queries, candidate, candidates, k: k + 1 });
        for (let i = 0; i < scores.length; i++) {
          const row = Math.floor(i / kept);
          const other = candidate + indices[i]!;
          if (other !== query + row) lists.offer(query - first + row, other, scores[i]!);
        }
      }
      await breathe?.(query - first + queries);
    }
  } finally {
    await session.release();
  }
  return lists;
}

async function nearestInBlock(
  session: Session,
  o: { query: number; queries: number; candidate: number; candidates: number; k: number },
): Promise<{ scores: Float32Array; indices: Int32Array; kept: number }> {
  const kept = Math.min(o.k, o.candidates);
  const range = (from: number, n: number) => ({ data: BigInt64Array.from({ length: n }, (_, i) => BigInt(from + i)), shape: [n] });
  const outputs = await session.run({
    queries: range(o.query, o.queries),
    candidates: range(o.candidate, o.candidates),
    k: { data: BigInt64Array.of(BigInt(kept)), shape: [1] },
  });
  return { scores: outputs['scores']!.data as Float32Array, indices: outputs['indices']!.data as Int32Array, kept };
}

function similarityGraph(matrix: CoderMatrix): ReturnType<GraphBuilder['build']> {
  const g = new GraphBuilder();
  const rows = (name: string): Value => unitRows(g, matrix, g.input(name, 'int64', [name]));
  const cosines = g.op('Gemm', [rows('queries'), rows('candidates')], { transB: 1 });
  const [scores, indices] = g.ops('TopK', [cosines, g.input('k', 'int64', [1])], 2, { axis: -1, largest: 1, sorted: 1 });
  g.output('scores', scores!, 'float', ['queries', 'kept']);
  g.output('indices', g.op('Cast', [indices!], { to: 6 }), 'int32', ['queries', 'kept']);
  return g.build();
}

/** Rows of the matrix at some latents, each of length 1 or zero. */
function unitRows(g: GraphBuilder, { tensor, layout }: CoderMatrix, index: Value): Value {
  // Widened after they are picked: the matrix stays in its file.
  const picked = g.op('Gather', [g.weight(tensor), index], { axis: layout === 'latents_first' ? 0 : 1 });
  const widened = tensor.dtype === 'F32' ? picked : g.toFloat(picked);
  const rows = layout === 'latents_first' ? widened : g.op('Transpose', [widened], { perm: [1, 0] });
  const length = g.op('ReduceL2', [rows, g.int64([1])]);
  // Of a zero row 0 / 1e-30.
  return g.op('Div', [rows, g.op('Max', [length, g.float([1e-30])])]);
}
