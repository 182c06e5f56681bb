import type { Rng } from '#lib/random/rng.ts';
import type { Metric, ScoreFigures, Verdict } from '#lib/score/schema.ts';
import { pairedCorrelation } from '#lib/stats/paired-correlation.ts';
import { pairedDifference } from '#lib/stats/paired-difference.ts';
import type { Exam } from './exam.ts';

/** The lexical baseline's method, against which others are measured. */
export const BASELINE_METHOD = 'lexical';

/**
 * By how much a score beats the baseline's on the very windows that both were judged on, firing and random silent ones, with
 * an interval that takes them as pairs (lib/stats/paired-difference.ts; for correlations over tokens
 * lib/stats/paired-correlation.ts). Null where they have a class of windows less, and for metrics that are of neither.
 */
export function liftOver(exam: Exam, metric: Metric, own: readonly Verdict[], baseline: readonly Verdict[], rng: Rng): ScoreFigures['lift'] {
  if (metric === 'pearson_r') return correlationLift(exam, own, baseline, rng);
  if (metric !== 'auroc' && metric !== 'balanced_accuracy') return null;
  const figure = ({ score, right, positive }: Verdict): number | null => (metric === 'auroc' ? score : right === null ? null : Number(right === positive));
  const documents = new Map<string, number>();
  const other = new Map(baseline.map((verdict) => [windowId(verdict), verdict]));
  const byWindow = new Map(exam.windows.map((window) => [windowId(window), window]));
  const pairs = own.flatMap((verdict) => {
    const window = byWindow.get(windowId(verdict));
    const twin = other.get(windowId(verdict));
    const [first, second] = [figure(verdict), twin === undefined ? null : figure(twin)];
    if (window === undefined || first === null || second === null || (window.kind !== 'activating' && window.kind !== 'random')) return [];
    const document = documents.get(window.document) ?? documents.size;
    documents.set(window.document, document);
    return [{ positive: verdict.positive, first, second, document }];
  });
  const difference = pairedDifference(
    {
      labels: pairs.map(({ positive }) => positive),
      first: pairs.map(({ first }) => first),
      second: pairs.map(({ second }) => second),
      documents: pairs.map(({ document }) => document),
    },
    rng,
  );
  if (difference === null) return null;
  const { estimate, interval } = difference;
  return { baseline: BASELINE_METHOD, value: estimate, lower: interval?.low ?? null, upper: interval?.high ?? null, n: pairs.length };
}

/** The same for simulations: over the tokens of the windows that both simulated. */
function correlationLift(exam: Exam, own: readonly Verdict[], baseline: readonly Verdict[], rng: Rng): ScoreFigures['lift'] {
  const documents = new Map<string, number>();
  const other = new Map(baseline.map((verdict) => [windowId(verdict), verdict.simulated]));
  const byWindow = new Map(exam.windows.map((window) => [windowId(window), window]));
  const series = { truth: [] as number[], first: [] as number[], second: [] as number[], documents: [] as number[], strata: [] as boolean[] };
  let n = 0;
  for (const verdict of own) {
    const window = byWindow.get(windowId(verdict));
    const [mine, twin] = [verdict.simulated, other.get(windowId(verdict))];
    if (window === undefined || !mine || !twin || (window.kind !== 'activating' && window.kind !== 'random')) continue;
    // Of another length they are of another way to count tokens: no pair.
    if (mine.actual.length !== twin.predicted.length) continue;
    const document = documents.get(window.document) ?? documents.size;
    documents.set(window.document, document);
    n += 1;
    for (const [i, actual] of mine.actual.entries()) {
      series.truth.push(actual);
      series.first.push(mine.predicted[i]!);
      series.second.push(twin.predicted[i]!);
      series.documents.push(document);
      series.strata.push(verdict.positive);
    }
  }
  const difference = pairedCorrelation(series, rng);
  if (difference === null) return null;
  const { estimate, interval } = difference;
  return { baseline: BASELINE_METHOD, value: estimate, lower: interval?.low ?? null, upper: interval?.high ?? null, n };
}

const windowId = ({ row, start }: { row: number; start: number }): string => `${row}:${start}`;
