import { AppError } from '#lib/errors/app-error.ts';
import type { CoderActivations } from '#gpu-worker/activations/store/types.ts';
import { byToken, forEachTaken, strideWithin } from './by-token.ts';
import { NearestLists, type Neighbour } from './nearest-lists.ts';

export interface Correlations {
  /** For each latent of the first coder, latents of the second. */
  lists: NearestLists;
  /** Rows that were looked at, evenly spread: all, unless they did not fit the memory given. */
  rows: number;
}

interface Sums {
  sum: Float64Array;
  squares: Float64Array;
}

/**
 * The k latents of `b` that correlate most with each latent of `a`, by Pearson's r over the stored tokens, where a silent
 * latent has 0: both were run on the same rows. Listed are those that are active together at least once (no other has an
 * r above 0). A latent that is dead or constant correlates with none. Sums in float64; memory as for co-occurrence, with values.
 *
 * @param isStored by row and position, whether a place's activations are stored: the tokens that count
 */
export async function correlate(
  a: CoderActivations,
  b: CoderActivations,
  k: number,
  isStored: (row: number, position: number) => boolean,
  budget?: number,
): Promise<Correlations> {
  const { rows, rowLength } = a;
  sameRows(a, b);
  const stride = strideWithin(b, { values: true, ...(budget === undefined ? {} : { budget }) });
  const tokens = await byToken(b, stride, true);
  let n = 0;
  for (let row = 0; row < rows; row += stride) for (let position = 0; position < rowLength; position++) n += Number(isStored(row, position));
  const [sumsA, sumsB] = [await sums(a, stride), await sums(b, stride)];
  const lists = new NearestLists(a.width, k);
  const dot = new Float64Array(b.width);
  const touched: number[] = [];
  const seen = new Uint8Array(b.width);
  const { begin, latents, values } = tokens;
  for await (const { latent, place, value } of a.sweep()) {
    touched.length = 0;
    forEachTaken(place, stride, rowLength, (i, at) => {
      const own = value[i]!;
      const end = begin[at + 1]!;
      for (let j = begin[at]!; j < end; j++) {
        const other = latents[j]!;
        if (seen[other] === 0) touched.push(other);
        seen[other] = 1;
        dot[other]! += own * values![j]!;
      }
    });
    const own = variation(sumsA.squares[latent]!, sumsA.sum[latent]!, n);
    for (const other of touched) {
      const product = own * variation(sumsB.squares[other]!, sumsB.sum[other]!, n);
      if (product > 0) {
        const r = (dot[other]! - (sumsA.sum[latent]! * sumsB.sum[other]!) / n) / Math.sqrt(product);
        lists.offer(latent, other, Math.max(-1, Math.min(1, r)));
      }
      dot[other] = seen[other] = 0;
    }
  }
  return { lists, rows: tokens.rows };
}

/** The same for one latent of `a`, over all rows: one sweep of `b`, and memory of four bytes a place. `tokens`: those whose activations are stored. */
export async function correlationOf(a: CoderActivations, latent: number, b: CoderActivations, k: number, tokens: number): Promise<Neighbour[]> {
  sameRows(a, b);
  const { place, value } = await a.latent(latent);
  const at = new Float32Array(a.rows * a.rowLength);
  let [sum, squares] = [0, 0];
  for (let i = 0; i < place.length; i++) {
    at[place[i]!] = value[i]!;
    sum += value[i]!;
    squares += value[i]! ** 2;
  }
  const own = variation(squares, sum, tokens);
  const lists = new NearestLists(1, k);
  for await (const other of b.sweep()) {
    let [dot, otherSum, otherSquares, together] = [0, 0, 0, false];
    for (let i = 0; i < other.place.length; i++) {
      const x = at[other.place[i]!]!;
      const y = other.value[i]!;
      together ||= x !== 0;
      dot += x * y;
      otherSum += y;
      otherSquares += y * y;
    }
    const product = own * variation(otherSquares, otherSum, tokens);
    if (together && product > 0) lists.offer(0, other.latent, Math.max(-1, Math.min(1, (dot - (sum * otherSum) / tokens) / Math.sqrt(product))));
  }
  return lists.nearest(0);
}

function sameRows(a: CoderActivations, b: CoderActivations): void {
  if (b.rows !== a.rows || b.rowLength !== a.rowLength)
    throw new AppError('shape_mismatch', `The coders were run on different rows: ${a.rows} of ${a.rowLength} and ${b.rows} of ${b.rowLength}.`);
}

/** Sum of squares about the mean; 0 for a constant latent, which rounding alone must not make vary. */
function variation(squares: number, sum: number, n: number): number {
  const rest = squares - sum ** 2 / n;
  return rest > 1e-12 * squares ? rest : 0;
}

async function sums(coder: CoderActivations, stride: number): Promise<Sums> {
  const out = { sum: new Float64Array(coder.width), squares: new Float64Array(coder.width) };
  for await (const { latent, place, value } of coder.sweep()) {
    forEachTaken(place, stride, coder.rowLength, (i) => {
      out.sum[latent]! += value[i]!;
      out.squares[latent]! += value[i]! ** 2;
    });
  }
  return out;
}
