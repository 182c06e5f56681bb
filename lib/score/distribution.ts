import { z } from 'zod';
import { PROTOCOL_NAMES, type ProtocolName } from '#lib/example/protocol.ts';
import { medianInterval } from '#lib/stats/median-interval.ts';
import { median } from '#lib/stats/quantile.ts';

const medianSchema = z.object({ median: z.number(), lower: z.number(), upper: z.number() });

/** How a coder's embedding scores spread, one score a latent: its headline explanation's. */
export const scoreDistributionSchema = z.object({
  metric: z.literal('auroc'),
  protocol: z.enum(PROTOCOL_NAMES).describe('Of all these scores: atlas where the coder has any, as scores of different protocols are never put in one figure'),
  /** Scored latents; the control may have fewer. */
  n: z.number().int(),
  controlN: z.number().int(),
  /** Edges of the bins, ascending, one more than there are bins; the last bin includes its upper edge. */
  edges: z.array(z.number()),
  values: z.array(z.number().int()).describe('Latents by value'),
  lowerBounds: z.array(z.number().int()).describe('Latents by lower bound of the 95 % interval'),
  control: z.array(z.number().int()).describe('Latents by the same score for another latent’s explanation'),
  median: medianSchema.nullable().describe('With its distribution-free 95 % interval'),
  controlMedian: medianSchema.nullable(),
});
export type ScoreDistribution = z.infer<typeof scoreDistributionSchema>;

/** Bins of 0.025 from 0 to 1: chance, .5, is an edge. */
const BINS = 40;

/** The distribution of figures in [0, 1], each list in any order. */
export function scoreDistribution(figures: {
  values: readonly number[];
  lowers: readonly number[];
  controls: readonly number[];
  protocol: ProtocolName;
}): ScoreDistribution {
  return {
    metric: 'auroc',
    protocol: figures.protocol,
    n: figures.values.length,
    controlN: figures.controls.length,
    edges: Array.from({ length: BINS + 1 }, (_, i) => i / BINS),
    values: binCounts(figures.values),
    lowerBounds: binCounts(figures.lowers),
    control: binCounts(figures.controls),
    median: medianWithInterval(figures.values),
    controlMedian: medianWithInterval(figures.controls),
  };
}

function binCounts(figures: readonly number[]): number[] {
  const counts = Array.from({ length: BINS }, () => 0);
  for (const figure of figures) counts[Math.min(BINS - 1, Math.max(0, Math.floor(figure * BINS)))]! += 1;
  return counts;
}

function medianWithInterval(figures: readonly number[]): ScoreDistribution['median'] {
  const middle = median(figures);
  const interval = medianInterval(figures);
  return middle === null || interval === null ? null : { median: middle, lower: interval.low, upper: interval.high };
}
