import { AppError } from '#lib/errors/app-error.ts';
import type { ExplainedVariance } from './explained-variance.ts';

/**
 * `explainedVariance` of rows that come piece by piece, in memory of a few numbers a column. Means and squares about them
 * are kept running (Welford), so that large means cost no digits.
 */
export class ReconstructionSums {
  private readonly width: number;
  private rows = 0;
  private error = 0;
  private cosine = 0;
  private readonly mean: Float64Array;
  private readonly squares: Float64Array;
  private readonly errorMean: Float64Array;
  private readonly errorSquares: Float64Array;

  constructor(width: number) {
    this.width = width;
    [this.mean, this.squares, this.errorMean, this.errorSquares] = [0, 1, 2, 3].map(() => new Float64Array(width)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
  }

  /** Takes one row and its reconstruction. Throws AppError 'shape_mismatch' for another width. */
  add(x: ArrayLike<number>, xHat: ArrayLike<number>): void {
    const { width, mean, squares, errorMean, errorSquares } = this;
    if (x.length !== width || xHat.length !== width)
      throw new AppError('shape_mismatch', `Give rows of ${width} numbers: they have ${x.length} and ${xHat.length}.`);
    const n = ++this.rows;
    let [dot, normX, normHat] = [0, 0, 0];
    for (let i = 0; i < width; i++) {
      const [a, b] = [x[i]!, xHat[i]!];
      const e = a - b;
      const d = a - mean[i]!;
      mean[i]! += d / n;
      squares[i]! += d * (a - mean[i]!);
      const f = e - errorMean[i]!;
      errorMean[i]! += f / n;
      errorSquares[i]! += f * (e - errorMean[i]!);
      this.error += e * e;
      dot += a * b;
      normX += a * a;
      normHat += b * b;
    }
    const norms = Math.sqrt(normX) * Math.sqrt(normHat);
    if (norms > 0) this.cosine += dot / norms;
  }

  /** Null before any row. */
  result(): ExplainedVariance | null {
    const { width, rows, error, squares, errorSquares } = this;
    if (rows === 0) return null;
    const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
    const rest = { mse: error / (rows * width), cosine: this.cosine / rows };
    const variance = total(squares);
    // A constant column stays at 0 exactly: its first row sets the mean and no later one differs from it.
    if (variance === 0) return { fvu: null, varianceExplained: null, biasFreeWeighted: null, biasFreeUniform: null, ...rest };
    let uniform = 0;
    for (let i = 0; i < width; i++) uniform += (squares[i]! > 0 ? 1 - errorSquares[i]! / squares[i]! : errorSquares[i] === 0 ? 1 : 0) / width;
    return {
      fvu: error / variance,
      varianceExplained: 1 - error / variance,
      biasFreeWeighted: 1 - total(errorSquares) / variance,
      biasFreeUniform: uniform,
      ...rest,
    };
  }
}
