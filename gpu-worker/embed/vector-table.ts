import { AppError } from '#lib/errors/app-error.ts';
import { GraphBuilder } from '#gpu-worker/model/onnx-graph.ts';
import { openSession, type Session } from '#gpu-worker/model/onnx.ts';
import { TopK } from './top-k.ts';

/**
 * Rows scanned by one call of the runtime: widened to 32 bits, 2,048 × 384 is 3 MB and stays in the cache. Measured on
 * two busy cores, best of several: 8,000 vectors of 384 in 4 ms, 100,000 in 30 ms; all in one call 62 ms, in a
 * TypeScript loop 130 ms.
 */
const BLOCK_ROWS = 2048;
/** Coder of a row that is no longer in use. */
const REMOVED = -1;

interface Block {
  /** [BLOCK_ROWS, dimensions] halves. */
  vectors: Uint16Array;
  ids: Float64Array;
  /** Position of the row's coder in `coders`, or REMOVED. */
  coders: Int32Array;
}

/**
 * Unit vectors in 16 bits, one a latent, with an exact scan over all of them: no approximation, nothing to train,
 * 768 bytes a vector of 384.
 */
export class VectorTable {
  readonly dimensions: number;
  private readonly session: Session;
  private readonly blocks: Block[] = [];
  private rows = 0;
  private removed = 0;
  private readonly coders: string[] = [];
  private readonly coderAt = new Map<string, number>();
  /** For each coder the row of each latent, 0 for none, else row + 1. */
  private readonly rowOf: Int32Array[] = [];

  private readonly scans = new Set<Promise<unknown>>();

  private constructor(dimensions: number, session: Session) {
    this.dimensions = dimensions;
    this.session = session;
  }

  static async open(dimensions: number, options: { threads?: number } = {}): Promise<VectorTable> {
    const g = new GraphBuilder();
    const vectors = g.toFloat(g.input('vectors', 'float16', [BLOCK_ROWS, dimensions]));
    const query = g.input('query', 'float', [dimensions, 1]);
    g.output('similarity', g.op('MatMul', [vectors, query]), 'float', [BLOCK_ROWS, 1]);
    return new VectorTable(dimensions, await openSession(g.build(), options));
  }

  /** Vectors in use. */
  get size(): number {
    return this.rows - this.removed;
  }

  /** Put a latent's vector in place of the one it had; null takes that one out. `bytes`: little-endian halves. */
  set(coderId: string, latent: number, id: number, bytes: Uint8Array | null): void {
    const coder = this.coderIndex(coderId);
    const known = this.rowOfLatent(coder, latent);
    if (known[latent] !== 0) this.take(known[latent]! - 1);
    known[latent] = 0;
    if (bytes === null) return;
    if (bytes.length !== 2 * this.dimensions) {
      throw new AppError(
        'shape_mismatch',
        `The index holds vectors of ${this.dimensions} numbers, not ${bytes.length / 2}: rebuild it with one embedder (npm run atlas -- reindex).`,
      );
    }
    const row = this.rows++;
    const block = this.blockFor(row);
    const at = row % BLOCK_ROWS;
    new Uint8Array(block.vectors.buffer, at * bytes.length, bytes.length).set(bytes);
    block.ids[at] = id;
    block.coders[at] = coder;
    known[latent] = row + 1;
  }

  /** Rows that only cost time; open a new table when there are many. */
  get wasted(): number {
    return this.removed;
  }

  /** The k of greatest inner product with `query` (unit length: cosine), best first, of these coders or of all. */
  async nearest(query: Float32Array, k: number, coderIds: readonly string[] | null): Promise<{ id: string; similarity: number }[]> {
    const scan = this.scan(query, k, coderIds);
    this.scans.add(scan);
    try {
      return await scan;
    } finally {
      this.scans.delete(scan);
    }
  }

  /** Waits for scans under way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.scans);
    await this.session.release();
  }

  private async scan(query: Float32Array, k: number, coderIds: readonly string[] | null): Promise<{ id: string; similarity: number }[]> {
    if (query.length !== this.dimensions) {
      throw new AppError(
        'shape_mismatch',
        `The query has ${query.length} numbers and the index ${this.dimensions}: rebuild it with the embedder in use (npm run atlas -- reindex).`,
      );
    }
    const wanted = coderIds && new Set(coderIds.map((id) => this.coderAt.get(id)));
    const top = new TopK(k);
    const queryTensor = { data: query, shape: [this.dimensions, 1] };
    for (const { vectors, ids, coders } of [...this.blocks]) {
      if (wanted && !coders.some((coder) => wanted.has(coder))) continue;
      const { similarity } = await this.session.run({ vectors: { data: vectors, shape: [BLOCK_ROWS, this.dimensions] }, query: queryTensor });
      const similarities = similarity!.data as Float32Array;
      for (let i = 0; i < BLOCK_ROWS; i++) {
        if (similarities[i]! > top.threshold && coders[i] !== REMOVED && (!wanted || wanted.has(coders[i]))) top.offer(ids[i]!, similarities[i]!);
      }
    }
    return top.sorted().map(({ item, score }) => ({ id: String(item), similarity: score }));
  }

  private take(row: number): void {
    this.blocks[Math.floor(row / BLOCK_ROWS)]!.coders[row % BLOCK_ROWS] = REMOVED;
    this.removed++;
  }

  private blockFor(row: number): Block {
    const at = Math.floor(row / BLOCK_ROWS);
    return (this.blocks[at] ??= {
      vectors: new Uint16Array(BLOCK_ROWS * this.dimensions),
      ids: new Float64Array(BLOCK_ROWS),
      coders: new Int32Array(BLOCK_ROWS).fill(REMOVED),
    });
  }

  private coderIndex(id: string): number {
    let index = this.coderAt.get(id);
    if (index === undefined) {
      index = this.coders.push(id) - 1;
      this.coderAt.set(id, index);
      this.rowOf.push(new Int32Array(0));
    }
    return index;
  }

  private rowOfLatent(coder: number, latent: number): Int32Array {
    const known = this.rowOf[coder]!;
    if (latent < known.length) return known;
    const grown = new Int32Array(Math.max(latent + 1, 2 * known.length));
    grown.set(known);
    return (this.rowOf[coder] = grown);
  }
}
