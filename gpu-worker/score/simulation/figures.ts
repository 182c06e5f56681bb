import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import type { Figure } from '#lib/score/schema.ts';
import { clusterCorrelation, type ClusteredCorrelation } from '#lib/stats/cluster-correlation.ts';
import { headlineOf, type Exam } from '#gpu-worker/score/exam.ts';
import { MIN_ANSWERED_SHARE, type ExamFigures } from '#gpu-worker/score/figures.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';

/** Resamples behind the interval of a part; a score's own takes 1,000. */
const PART_RESAMPLES = 300;

/** What was predicted of a window's tokens, beside the truth: two series of one length. */
export interface Simulated {
  predicted: ArrayLike<number>;
  activations: ArrayLike<number>;
}

/**
 * Pearson's r between true and predicted activations over all tokens of the exam, firing windows and random silent ones
 * together, with documents resampled within each of the two. Each class of silent windows stands by itself with the same
 * firing windows, each tenth of the firing windows with the same random silent ones.
 *
 * @param simulated parallel to the exam's windows; null where the simulation failed
 */
export function simulationFigures({ exam, latent, seed }: LatentExam, simulated: readonly (Simulated | null)[]): ExamFigures {
  const byWindow = new Map(exam.windows.map((window, i) => [window, simulated[i] ?? null]));
  const done = (windows: Exam['windows']): Exam['windows'] => windows.filter((window) => byWindow.get(window));
  const correlate = (windows: Exam['windows'], draws: Rng, resamples: number): ClusteredCorrelation | null => {
    const documents = new Map<string, number>();
    const series = { x: [] as number[], y: [] as number[], documents: [] as number[], strata: [] as boolean[] };
    for (const window of windows) {
      const { predicted, activations } = byWindow.get(window)!;
      if (!documents.has(window.document)) documents.set(window.document, documents.size);
      for (let i = 0; i < activations.length; i++) {
        series.x.push(activations[i]!);
        series.y.push(predicted[i]!);
        series.documents.push(documents.get(window.document)!);
        series.strata.push(window.kind === 'activating');
      }
    }
    return clusterCorrelation(series, draws, { resamples });
  };
  const part = (windows: Exam['windows'], ...purpose: (string | number)[]): Figure[] => {
    const used = done(windows);
    const nPositives = used.filter(({ kind }) => kind === 'activating').length;
    if (nPositives === 0 || nPositives === used.length) return [];
    const r = correlate(used, rngFor(seed, 'simulation', latent, ...purpose), PART_RESAMPLES);
    return r === null
      ? []
      : [{ value: r.estimate, lower: r.interval?.low ?? null, upper: r.interval?.high ?? null, nPositives, nNegatives: used.length - nPositives }];
  };

  const headline = headlineOf(exam);
  const answered = done(headline.windows);
  const nPositives = answered.filter(({ kind }) => kind === 'activating').length;
  const nNegatives = answered.length - nPositives;
  const enough = (n: number, of: number): boolean => n > 0 && n >= MIN_ANSWERED_SHARE * of;
  const sat = enough(nPositives, headline.nPositives) && enough(nNegatives, headline.nNegatives);
  const taken = sat ? correlate(answered, rngFor(seed, 'simulation', latent), 1000) : null;
  const of = (kind: string): Exam['windows'] => exam.windows.filter((window) => window.kind === kind);
  const [firing, random] = [of('activating'), of('random')];
  const whole: Figure[] = taken === null ? [] : [{ value: taken.estimate, lower: taken.interval?.low ?? null, upper: taken.interval?.high ?? null, nPositives, nNegatives }]; // prettier-ignore
  return {
    value: taken?.estimate ?? null,
    interval: taken?.interval ?? null,
    nPositives,
    nNegatives,
    nFailed: headline.windows.length - answered.length,
    failure:
      taken !== null
        ? null
        : sat
          ? 'Every token was given the same activation, so that there is nothing to correlate.'
          : `There was a usable simulation of ${nPositives} of ${headline.nPositives} firing and ${nNegatives} of ${headline.nNegatives} silent windows; a score takes half of each.`,
    verdicts: exam.windows.map((window) => {
      const { row, start, kind } = window;
      const one = byWindow.get(window);
      const base = { row, start, positive: kind === 'activating', right: null, kind };
      if (!one) return { ...base, score: null };
      const predicted = Array.from(one.predicted);
      return { ...base, score: Math.max(...predicted), simulated: { predicted, actual: Array.from(one.activations) } };
    }),
    parts:
      taken === null
        ? { classes: [], quantiles: [], metrics: [] }
        : {
            classes: NEGATIVE_CLASSES.flatMap((name) => {
              const silent = of(name);
              // One figure has one interval, wherever it is shown.
              const figures = name === 'random' ? whole : part([...firing, ...silent], 'class', name);
              return silent.length === 0 ? [] : figures.map((one) => ({ class: name, ...one }));
            }),
            quantiles: [...new Set(firing.flatMap(({ quantile }) => quantile ?? []))]
              .sort((a, b) => a - b)
              .flatMap((quantile) => {
                const tenth = firing.filter((window) => window.quantile === quantile);
                return part([...tenth, ...random], 'quantile', quantile).map((one) => ({ quantile, ...one }));
              }),
            metrics: [],
          },
  };
}
