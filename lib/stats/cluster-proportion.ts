import type { Interval } from './interval.ts';
import { clusterRatio } from './cluster-ratio.ts';
import { normalQuantile } from './normal.ts';
import { studentTMultiplier } from './student-t.ts';
import { wilson } from './wilson.ts';

/**
 * A proportion of yes-or-no items that come in clusters, with Wilson's interval at the effective number of items that the
 * clusters' linearised variance implies, n = p(1−p) / v · (z/t)², t of clusters − 1 degrees of freedom (Korn and Graubard
 * 1998). Where all items agree there is no variance to use and a cluster counts as one item, so that the interval never
 * collapses.
 *
 * @param successes truthy is a success
 * @param clusters any ids, parallel
 * @param level in (0, 1)
 * @returns null for no items; the interval is null with fewer than two clusters
 */
export function clusterProportion(
  successes: ArrayLike<number | boolean>,
  clusters: ArrayLike<number>,
  level = 0.95,
): { estimate: number; interval: Interval | null } | null {
  const slots = new Map<number, { sum: number; count: number }>();
  for (let i = 0; i < successes.length; i++) {
    const slot = slots.get(clusters[i]!) ?? { sum: 0, count: 0 };
    slots.set(clusters[i]!, slot);
    slot.sum += successes[i] ? 1 : 0;
    slot.count++;
  }
  const cells = [...slots.values()];
  const ratio = clusterRatio(
    cells.map(({ sum }) => sum),
    cells.map(({ count }) => count),
    level,
  );
  if (ratio === null || ratio.interval === null) return ratio;
  const { estimate } = ratio;
  const t = studentTMultiplier(level, cells.length - 1);
  const se = (ratio.interval.high - ratio.interval.low) / (2 * t);
  const spread = estimate * (1 - estimate);
  // More items than there are cannot be known, however alike the clusters happen to be.
  const n = spread > 0 && se > 0 ? Math.min(successes.length, spread / se ** 2) : cells.length;
  const effective = n * (normalQuantile((1 + level) / 2) / t) ** 2;
  return { estimate, interval: wilson(estimate * effective, effective, level) };
}
