/** A classifier: rows of features → log odds. */
export type Classifier = (row: readonly number[]) => number;

interface Split {
  feature: number;
  at: number;
  gain: number;
}

interface Node {
  split: Split | null;
  value: number;
  below: Node | null;
  above: Node | null;
}

/**
 * Gradient-boosted trees of depth two for two classes (Friedman 2001, logistic loss, Newton leaves): finds thresholds in
 * single features and pairs of them without being told where to look.
 */
export function boostedTrees(
  rows: readonly (readonly number[])[],
  labels: readonly boolean[],
  { rounds = 60, rate = 0.1, depth = 2, minLeaf = 40 } = {},
): Classifier {
  const trees: Node[] = [];
  const scores = new Float64Array(rows.length);
  const features = rows[0]!.map((_, feature) => feature);
  const orders = features.map((feature) => Int32Array.from(rows.keys()).sort((a, b) => rows[a]![feature]! - rows[b]![feature]!));
  for (let round = 0; round < rounds; round++) {
    const gradient = Float64Array.from(rows, (_, i) => Number(labels[i]) - sigmoid(scores[i]!));
    const hessian = Float64Array.from(scores, (score) => sigmoid(score) * (1 - sigmoid(score)));
    const tree = grow(rows, orders, gradient, hessian, new Uint8Array(rows.length).fill(1), depth, minLeaf);
    trees.push(tree);
    for (const [i, row] of rows.entries()) scores[i]! += rate * leaf(tree, row);
  }
  return (row) => trees.reduce((sum, tree) => sum + rate * leaf(tree, row), 0);
}

function grow(
  rows: readonly (readonly number[])[],
  orders: readonly Int32Array[],
  gradient: Float64Array,
  hessian: Float64Array,
  inside: Uint8Array,
  depth: number,
  minLeaf: number,
): Node {
  let [g, h, n] = [0, 0, 0];
  for (let i = 0; i < inside.length; i++) {
    if (!inside[i]) continue;
    g += gradient[i]!;
    h += hessian[i]!;
    n++;
  }
  const value = g / (h + 1);
  if (depth === 0) return { split: null, value, below: null, above: null };
  let best: Split | null = null;
  for (const [feature, order] of orders.entries()) {
    let [left, weight, count] = [0, 0, 0];
    let last = Number.NaN;
    for (const i of order) {
      if (!inside[i]) continue;
      const x = rows[i]![feature]!;
      if (count >= minLeaf && n - count >= minLeaf && x !== last) {
        const gain = left ** 2 / (weight + 1) + (g - left) ** 2 / (h - weight + 1);
        if (best === null || gain > best.gain) best = { feature, at: (x + last) / 2, gain };
      }
      left += gradient[i]!;
      weight += hessian[i]!;
      count++;
      last = x;
    }
  }
  if (best === null) return { split: null, value, below: null, above: null };
  const { feature, at } = best;
  const side = (above: boolean): Node =>
    grow(
      rows,
      orders,
      gradient,
      hessian,
      inside.map((is, i) => Number(is === 1 && rows[i]![feature]! > at === above)),
      depth - 1,
      minLeaf,
    );
  return { split: best, value, below: side(false), above: side(true) };
}

function leaf(node: Node, row: readonly number[]): number {
  if (node.split === null) return node.value;
  return leaf((row[node.split.feature]! > node.split.at ? node.above : node.below)!, row);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
