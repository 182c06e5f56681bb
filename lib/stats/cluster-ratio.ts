import type { Interval } from './interval.ts';
import { studentTMultiplier } from './student-t.ts';

/** A mean over items that come in clusters, with an interval over the clusters. */
export interface ClusterRatio {
  /** Σ sums / Σ counts. */
  estimate: number;
  /** Null with fewer than two clusters: nothing shows how they differ. */
  interval: Interval | null;
}

/**
 * The mean over all items, and a t-interval for it that takes clusters, not items, as what was drawn at random: the
 * linearised variance of a ratio, D / (D − 1) · Σ (sᵢ − r nᵢ)² / (Σ n)², with D − 1 degrees of freedom (Cochran 1977,
 * §2.11). With one item a cluster it is the classic interval of a mean.
 *
 * @param sums of each cluster's items
 * @param counts of each cluster's items; clusters without items do not exist
 * @param level in (0, 1)
 * @returns null when there are no items
 */
export function clusterRatio(sums: ArrayLike<number>, counts: ArrayLike<number>, level = 0.95): ClusterRatio | null {
  let [sum, n, clusters] = [0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    if (counts[i]! <= 0) continue;
    sum += sums[i]!;
    n += counts[i]!;
    clusters++;
  }
  if (n === 0) return null;
  const estimate = sum / n;
  if (clusters < 2) return { estimate, interval: null };
  let squares = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) squares += (sums[i]! - estimate * counts[i]!) ** 2;
  const half = studentTMultiplier(level, clusters - 1) * (Math.sqrt((clusters / (clusters - 1)) * squares) / n);
  return { estimate, interval: { low: estimate - half, high: estimate + half } };
}
