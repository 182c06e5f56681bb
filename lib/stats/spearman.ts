import { midRanks } from './mid-ranks.ts';
import { pearson } from './pearson.ts';

/** Spearman's rho: Pearson's r of the mid-ranks; null as `pearson`. Values must not be NaN. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  return pearson(midRanks(x), midRanks(y));
}
