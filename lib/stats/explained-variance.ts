import { AppError } from '#lib/errors/app-error.ts';

/** How much of an activation matrix its reconstruction keeps. */
export interface ExplainedVariance {
  /** Fraction of variance unexplained: Σ (x − x̂)² / Σ (x − column mean)²; null when x has no variance. */
  fvu: number | null;
  /** 1 − fvu. */
  varianceExplained: number | null;
  /** Like varianceExplained, but each column's mean error is forgiven first; columns weighted by their variance. */
  biasFreeWeighted: number | null;
  /** The same, every column counting alike; a column without variance counts 1 when its error is constant, else 0. */
  biasFreeUniform: number | null;
  /** Mean squared error over all entries. */
  mse: number;
  /** Mean over rows of the cosine of x and x̂; a row with a zero norm counts 0. */
  cosine: number;
}

/**
 * Compares a reconstruction with the original.
 *
 * @param x, xHat [rows, width], row-major
 * @throws shape_mismatch when the arrays differ in size or are no whole rows; bad_request for no rows
 */
export function explainedVariance(x: ArrayLike<number>, xHat: ArrayLike<number>, width: number): ExplainedVariance {
  if (x.length !== xHat.length || x.length % width !== 0) {
    throw new AppError('shape_mismatch', `Give two matrices of one shape with rows of ${width}: they have ${x.length} and ${xHat.length} numbers.`);
  }
  const rows = x.length / width;
  if (rows === 0) throw new AppError('bad_request', 'Give at least one row to measure a reconstruction on.');
  const meanX = columnMeans(x, width);
  const meanError = columnMeans(
    Float64Array.from(x, (value, i) => value - xHat[i]!),
    width,
  );
  const columnVariance = new Float64Array(width);
  const columnError = new Float64Array(width);
  let error = 0;
  let cosine = 0;
  for (let row = 0; row < rows; row++) {
    let dot = 0;
    let normX = 0;
    let normHat = 0;
    for (let column = 0; column < width; column++) {
      const a = x[row * width + column]!;
      const b = xHat[row * width + column]!;
      error += (a - b) ** 2;
      columnError[column]! += (a - b - meanError[column]!) ** 2;
      columnVariance[column]! += (a - meanX[column]!) ** 2;
      dot += a * b;
      normX += a * a;
      normHat += b * b;
    }
    const norms = Math.sqrt(normX) * Math.sqrt(normHat);
    if (norms > 0) cosine += dot / norms / rows;
  }
  const rest = { mse: error / x.length, cosine };
  if (isConstantByColumn(x, width)) return { fvu: null, varianceExplained: null, biasFreeWeighted: null, biasFreeUniform: null, ...rest };
  const variance = columnVariance.reduce((sum, v) => sum + v, 0);
  let uniform = 0;
  for (let column = 0; column < width; column++) {
    const unexplained = columnError[column]! / columnVariance[column]!;
    uniform += (columnVariance[column]! > 0 ? 1 - unexplained : columnError[column] === 0 ? 1 : 0) / width;
  }
  return {
    fvu: error / variance,
    varianceExplained: 1 - error / variance,
    biasFreeWeighted: 1 - columnError.reduce((sum, e) => sum + e, 0) / variance,
    biasFreeUniform: uniform,
    ...rest,
  };
}

function columnMeans(x: ArrayLike<number>, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < x.length; i++) mean[i % width]! += x[i]!;
  return mean.map((sum) => (sum * width) / x.length);
}

/** Asked of the values, not of the sum of squares: the mean of equal floats may be off in the last bit. */
function isConstantByColumn(x: ArrayLike<number>, width: number): boolean {
  for (let i = width; i < x.length; i++) if (x[i] !== x[i - width]) return false;
  return true;
}
