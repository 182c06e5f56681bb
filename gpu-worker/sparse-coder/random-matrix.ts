import { rngFor, type Rng } from '#lib/random/rng.ts';

/** Rows drawn uniformly from the unit sphere: [rows, columns], row-major. Row i depends on the seed and i alone. */
export function randomUnitRows(rows: number, columns: number, seed: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const values = normals(rngFor(seed, 'unit-row', row), columns);
    const length = euclidean(values);
    for (let i = 0; i < columns; i++) out[row * columns + i] = values[i]! / length;
  }
  return out;
}

/**
 * A square orthogonal matrix [n, n], uniform (Haar) up to signs: Gaussian rows made orthonormal by Gram–Schmidt, twice
 * over, as once loses orthogonality to rounding. `columns` must equal `rows`.
 */
export function randomOrthogonal(rows: number, columns: number, seed: number): Float32Array {
  if (rows !== columns) throw new RangeError('a rotation is square');
  const n = rows;
  const basis: Float64Array[] = [];
  for (let row = 0; row < n; row++) {
    const v = normals(rngFor(seed, 'rotation', row), n);
    for (let pass = 0; pass < 2; pass++) {
      for (const u of basis) {
        let dot = 0;
        for (let i = 0; i < n; i++) dot += u[i]! * v[i]!;
        for (let i = 0; i < n; i++) v[i]! -= dot * u[i]!;
      }
    }
    const length = euclidean(v);
    basis.push(v.map((value) => value / length));
  }
  const out = new Float32Array(n * n);
  basis.forEach((v, row) => out.set(v, row * n));
  return out;
}

/** Standard normal draws by Box and Muller's transform. */
function normals(rng: Rng, count: number): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    // 1 - u lies in (0, 1], so the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
    const angle = 2 * Math.PI * rng.next();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

function euclidean(v: Float64Array): number {
  let squares = 0;
  for (const value of v) squares += value * value;
  return Math.sqrt(squares);
}
