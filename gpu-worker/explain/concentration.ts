import { normalQuantile } from '#lib/stats/normal.ts';

export interface EffectFigures {
  /** The greatest effects, ten of them or as many as there are. */
  greatest: readonly number[];
  /** All tokens' effects in bins of equal width over [from, to]. */
  histogram: { from: number; to: number; counts: readonly number[] };
}

/**
 * How far a latent's greatest logit effects stand out: their mean standard score among all tokens' effects, over the
 * expected one of as many greatest among as many normal draws (Blom's approximation of normal order statistics). About 1
 * for effects without a focus, whatever the size of the vocabulary; 0 where effects do not differ. Mean and spread are
 * taken from the bins, with Sheppard's correction.
 */
export function concentrationOf({ greatest, histogram: { from, to, counts } }: EffectFigures): number {
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  if (tokens < 2 || greatest.length === 0 || !(to > from)) return 0;
  const width = (to - from) / counts.length;
  const centre = (bin: number): number => from + (bin + 0.5) * width;
  const mean = counts.reduce((sum, count, bin) => sum + count * centre(bin), 0) / tokens;
  const variance = counts.reduce((sum, count, bin) => sum + count * (centre(bin) - mean) ** 2, 0) / tokens;
  // With nearly all tokens in one bin the correction would take everything away.
  const spread = Math.sqrt(Math.max(variance - width ** 2 / 12, width ** 2 / 144));
  const expected = greatest.reduce((sum, _, i) => sum + normalQuantile(1 - (i + 1 - 0.375) / (tokens + 0.25)), 0) / greatest.length;
  const observed = greatest.reduce((sum, effect) => sum + effect, 0) / greatest.length;
  return Math.max(0, (observed - mean) / spread / expected);
}
