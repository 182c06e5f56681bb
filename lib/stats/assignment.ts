import { AppError } from '#lib/errors/app-error.ts';

/** A one-to-one matching of rows to columns. */
export interface Assignment {
  /** min(rows, columns) pairs [row, column], ascending by row. */
  pairs: [row: number, column: number][];
  total: number;
  /** total / pairs; null for an empty matrix. */
  mean: number | null;
}

/** Largest side solved: O(n³) time, 10¹⁰ steps or about half a minute at 2,048. Beyond it, cut to candidates first. */
const LARGEST_SIDE = 4096;

/**
 * The matching of largest total weight, exact: shortest augmenting paths with potentials (Jonker and Volgenant 1987).
 *
 * @param weight [rows, columns], row-major, finite
 * @throws too_large when the shorter side passes 4,096; shape_mismatch when the array is no rows × columns
 */
export function assignment(weight: ArrayLike<number>, rows: number, columns: number): Assignment {
  if (weight.length !== rows * columns) throw new AppError('shape_mismatch', `Give ${rows} × ${columns} weights: there are ${weight.length}.`);
  if (Math.min(rows, columns) > LARGEST_SIDE)
    throw new AppError('too_large', `Match at most ${LARGEST_SIDE} rows or columns exactly; this matrix is ${rows} × ${columns}.`);
  const wide = rows <= columns;
  const matched = wide ? matchRows(rows, columns, (i, j) => -weight[i * columns + j]!) : matchRows(columns, rows, (i, j) => -weight[j * columns + i]!);
  const pairs = Array.from(matched, (j, i): [number, number] => (wide ? [i, j] : [j, i])).sort((a, b) => a[0] - b[0]);
  const total = pairs.reduce((sum, [i, j]) => sum + weight[i * columns + j]!, 0);
  return { pairs, total, mean: pairs.length === 0 ? null : total / pairs.length };
}

/** Column of each row in a cheapest matching of all n rows, n ≤ m. */
function matchRows(n: number, m: number, cost: (row: number, column: number) => number): Int32Array {
  const rowPotential = new Float64Array(n);
  const columnPotential = new Float64Array(m);
  const rowOfColumn = new Int32Array(m).fill(-1);
  const cameFrom = new Int32Array(m);
  const distance = new Float64Array(m);
  const done = new Uint8Array(m);
  for (let start = 0; start < n; start++) {
    // Dijkstra over reduced costs from the new row to the nearest free column, then the path is flipped.
    distance.fill(Infinity);
    done.fill(0);
    cameFrom.fill(-1);
    let row = start;
    let via = -1;
    let reached = 0;
    let free = -1;
    while (free < 0) {
      let nearest = -1;
      for (let j = 0; j < m; j++) {
        if (done[j]) continue;
        const through = reached + cost(row, j) - rowPotential[row]! - columnPotential[j]!;
        if (through < distance[j]!) {
          distance[j] = through;
          cameFrom[j] = via;
        }
        if (nearest < 0 || distance[j]! < distance[nearest]!) nearest = j;
      }
      reached = distance[nearest]!;
      done[nearest] = 1;
      via = nearest;
      if (rowOfColumn[nearest]! < 0) free = nearest;
      else row = rowOfColumn[nearest]!;
    }
    rowPotential[start]! += reached;
    for (let j = 0; j < m; j++) {
      if (!done[j] || j === free) continue;
      rowPotential[rowOfColumn[j]!]! += reached - distance[j]!;
      columnPotential[j]! -= reached - distance[j]!;
    }
    for (let j = free; j >= 0;) {
      const before = cameFrom[j]!;
      rowOfColumn[j] = before < 0 ? start : rowOfColumn[before]!;
      j = before;
    }
  }
  const columnOfRow = new Int32Array(n);
  rowOfColumn.forEach((row, j) => {
    if (row >= 0) columnOfRow[row] = j;
  });
  return columnOfRow;
}
