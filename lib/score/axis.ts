import type { Metric } from './schema.ts';

/**
 * The axis of a metric's whiskers and what a guess scores. Chance lies a little off the left end, what lies below the axis
 * is clipped to its edge. Figures of different metrics never share an axis.
 */
export const AXES: Record<Metric, { from: number; to: number; chance: number }> = {
  auroc: { from: 0.4, to: 1, chance: 0.5 },
  balanced_accuracy: { from: 0.4, to: 1, chance: 0.5 },
  pearson_r: { from: -0.2, to: 1, chance: 0 },
  // Of intruder detection among five windows.
  accuracy: { from: 0, to: 1, chance: 0.2 },
};

/** Where a score lies on its metric's axis, in percent of its length, 0 to 100. */
export function axisPosition(score: number, metric: Metric = 'auroc'): number {
  const { from, to } = AXES[metric];
  const position = ((score - from) / (to - from)) * 100;
  return Math.round(Math.min(100, Math.max(0, position)) * 100) / 100;
}

/** Half the width of a 95 % interval, what stands behind `±`; null when an end is missing. */
export function halfWidth(lower: number | null, upper: number | null): number | null {
  return lower === null || upper === null ? null : (upper - lower) / 2;
}
