import type { Rng } from '#lib/random/rng.ts';
import type { PrecisionFigures } from '#lib/score/precision.ts';
import { percentileInterval } from '#lib/stats/bootstrap.ts';
import { clusterProportion } from '#lib/stats/cluster-proportion.ts';
import { precisionAtRate, type Share } from '#lib/stats/precision-at-rate.ts';
import { cutReplicates, rateCut } from '#lib/stats/rate-cut.ts';
import type { Exam } from './exam.ts';

type Judged = Pick<Exam, 'positive' | 'documents'>;

/**
 * The precision that a judge's yes has where the latent fires as seldom as it does, from its yes and no on firing windows
 * and on random silent ones: method of `precisionAtRate`, with the shares' intervals over documents.
 *
 * @param yes parallel to the exam's windows; null where there is no verdict, which is left out and counted
 * @param rate share of windows in which the latent fires, in (0, 1)
 */
export function naturalPrecision(exam: Judged, yes: readonly (boolean | null)[], rate: number, cut: number | null = null): PrecisionFigures {
  const of = (positive: boolean): { share: Share | null; n: number } => {
    const judged = yes.flatMap((said, i) => (said === null || exam.positive[i] !== positive ? [] : [{ said, document: exam.documents[i]! }]));
    const found = clusterProportion(
      judged.map(({ said }) => said),
      judged.map(({ document }) => document),
    );
    return { share: found?.interval ? { estimate: found.estimate, interval: found.interval } : null, n: judged.length };
  };
  const [firing, silent] = [of(true), of(false)];
  return {
    rate,
    precision: view(firing.share && silent.share && precisionAtRate(firing.share, silent.share, rate)),
    firing: view(firing.share),
    falseAlarms: view(silent.share),
    cut,
    nFiring: firing.n,
    nSilent: silent.n,
    nFailed: yes.filter((said) => said === null).length,
  };
}

/**
 * The same of a judge that only ranks: yes from the score at which it is said about as often as the latent fires
 * (`rateCut`). The interval at that cut covered 84 % at a nominal 95 %, since the cut itself is known from a sample; it is
 * joined with that of resampled documents, each resample with a cut of its own, which collapses where the ranking is perfect.
 *
 * @param scores parallel to the exam's windows; null where there is none
 */
export function rankedPrecision(exam: Judged, scores: readonly (number | null)[], rate: number, rng: Rng): PrecisionFigures {
  const scored = scores.flatMap((score, i) => (score === null ? [] : [{ score, positive: exam.positive[i]!, document: exam.documents[i]! }]));
  const ranking = {
    labels: scored.map(({ positive }) => positive),
    scores: scored.map(({ score }) => score),
    documents: scored.map(({ document }) => document),
  };
  const cut = rateCut(ranking.labels, ranking.scores, rate);
  const yes = scores.map((score) => (score === null || cut === null ? null : score >= cut));
  const found = naturalPrecision(exam, yes, rate, cut);
  const resampled = percentileInterval(cutReplicates(ranking, rate, rng));
  if (found.precision === null || resampled === null) return found;
  const { value, lower, upper } = found.precision;
  return { ...found, precision: { value, lower: Math.min(lower, resampled.low), upper: Math.max(upper, resampled.high) } };
}

const view = (share: Share | null): PrecisionFigures['precision'] => share && { value: share.estimate, lower: share.interval.low, upper: share.interval.high };
