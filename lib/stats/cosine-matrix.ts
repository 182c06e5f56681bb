/**
 * Cosine similarities of the rows of a and b, in float64; a zero row has cosine 0 with everything.
 *
 * @param a [n, width], row-major
 * @param b [m, width], row-major
 * @returns [n, m], row-major
 */
export function cosineMatrix(a: ArrayLike<number>, b: ArrayLike<number>, width: number): Float64Array {
  const n = a.length / width;
  const m = b.length / width;
  const unitA = unitRows(a, width);
  const unitB = unitRows(b, width);
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let dot = 0;
      for (let k = 0; k < width; k++) dot += unitA[i * width + k]! * unitB[j * width + k]!;
      out[i * m + j] = dot;
    }
  }
  return out;
}

function unitRows(x: ArrayLike<number>, width: number): Float64Array {
  const out = Float64Array.from(x);
  for (let start = 0; start < out.length; start += width) {
    let squares = 0;
    for (let k = start; k < start + width; k++) squares += out[k]! ** 2;
    const norm = Math.sqrt(squares);
    if (norm > 0) for (let k = start; k < start + width; k++) out[k]! /= norm;
  }
  return out;
}
