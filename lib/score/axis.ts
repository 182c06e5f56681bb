/** Every whisker's axis runs from .4 to 1, chance (.5) a little off its left end; what lies below is clipped to the edge. */
export const AXIS_FROM = 0.4;
export const AXIS_TO = 1;
export const CHANCE = 0.5;

/** Where a score lies on the axis, in percent of its length, 0 to 100. */
export function axisPosition(score: number): number {
  const position = ((score - AXIS_FROM) / (AXIS_TO - AXIS_FROM)) * 100;
  return Math.round(Math.min(100, Math.max(0, position)) * 100) / 100;
}

/** Half the width of a 95 % interval, what stands behind `±`; null when an end is missing. */
export function halfWidth(lower: number | null, upper: number | null): number | null {
  return lower === null || upper === null ? null : (upper - lower) / 2;
}
