import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import type { Figure, Metric, ScoreParts, Verdict } from '#lib/score/schema.ts';
import { clusterAccuracy } from '#lib/stats/cluster-accuracy.ts';
import { clusterBootstrap, type ClusteredExam } from '#lib/stats/cluster-bootstrap.ts';
import { clusterDelong } from '#lib/stats/cluster-delong.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import { headlineOf, type Exam } from './exam.ts';
import type { LatentExam, ScoreResult } from './scorer.ts';

/**
 * Share of each class's windows that must have a verdict. With less than half, more of a class is unknown than known, and
 * which windows a model refuses is not chance: its accuracy over all of them could be almost anything.
 */
export const MIN_ANSWERED_SHARE = 0.5;

/** What a scorer says of one window: by what it ranks it, and its yes or no where it gives one. Null where it failed. */
export interface Judgement {
  score: number;
  yes?: boolean;
  marked?: number[];
}

/** The figures of an exam that every window-by-window scorer shares. */
export type ExamFigures = Pick<ScoreResult, 'value' | 'interval' | 'nPositives' | 'nNegatives' | 'nFailed' | 'failure' | 'verdicts' | 'parts'>;

/**
 * The figures of one exam: AUROC of the judgements' scores, or the balanced accuracy ½ (TP/P + TN/N) of their yes and no,
 * over the windows that have one (docs/scores.md says what is estimated). The headline is firing windows against random
 * silent ones; each class of silent windows stands by itself against the same firing windows, each tenth of the firing
 * windows against the same random silent ones.
 *
 * @param judgements parallel to the exam's windows
 * @param metric `balanced_accuracy` takes a `yes` of every judgement; their scores, where they are not all 0 or 1, are
 *   then reported as AUROC in `parts.metrics`
 * @param options.withParts whether anybody asks for the parts, which cost three times the headline; default true
 * @param options.resampled whether the headline's interval is by resampling documents; else by `clusterDelong`, as the
 *   parts' are, at a tenth of the cost, which does for a control; default true
 */
export function examFigures(
  { exam, latent, seed }: LatentExam,
  judgements: readonly (Judgement | null)[],
  metric: Metric & ('auroc' | 'balanced_accuracy'),
  name: string,
  { withParts = true, resampled = true }: { withParts?: boolean; resampled?: boolean } = {},
): ExamFigures {
  const byWindow = new Map(exam.windows.map((window, i) => [window, judgements[i] ?? null]));
  const ranked = metric === 'auroc' ? ({ score }: Judgement): number => score : ({ yes }: Judgement): number => Number(yes);
  const rng = (...purpose: (string | number)[]): Rng => rngFor(seed, name, latent, ...purpose);
  const take = (windows: Exam['windows'], by: (judgement: Judgement) => number, draws: Rng | null): Taken | null => {
    const used = windows.flatMap((window) => {
      const judgement = byWindow.get(window);
      return judgement ? [{ window, score: by(judgement) }] : [];
    });
    const clustered: ClusteredExam = {
      labels: used.map(({ window }) => window.kind === 'activating'),
      scores: used.map(({ score }) => score),
      documents: documentIds(used.map(({ window }) => window)),
    };
    const scored = draws ? clusterBootstrap(clustered, draws) : partInterval(clustered, metric);
    const nPositives = used.filter(({ window }) => window.kind === 'activating').length;
    return scored && { value: scored.estimate, interval: scored.interval, nPositives, nNegatives: used.length - nPositives };
  };

  const headline = headlineOf(exam);
  const nPositives = headline.windows.filter((window) => window.kind === 'activating' && byWindow.get(window)).length;
  const nNegatives = headline.windows.filter((window) => window.kind === 'random' && byWindow.get(window)).length;
  const enough = (n: number, of: number): boolean => n > 0 && n >= MIN_ANSWERED_SHARE * of;
  const taken =
    enough(nPositives, headline.nPositives) && enough(nNegatives, headline.nNegatives)
      ? take(headline.windows, ranked, resampled ? rngFor(seed, name, latent) : null)
      : null;
  return {
    value: taken?.value ?? null,
    interval: taken?.interval ?? null,
    nPositives,
    nNegatives,
    nFailed: headline.windows.length - nPositives - nNegatives,
    failure:
      taken === null
        ? `There was a usable verdict on ${nPositives} of ${headline.nPositives} firing and ${nNegatives} of ${headline.nNegatives} silent windows; a score takes half of each.`
        : null,
    verdicts: exam.windows.map((window, i): Verdict => verdictOf(window, judgements[i] ?? null)),
    parts: taken === null || !withParts ? { classes: [], quantiles: [], metrics: [] } : partsOf(exam, metric, ranked, byWindow, taken, take, rng),
  };
}

interface Taken {
  value: number;
  interval: Interval | null;
  nPositives: number;
  nNegatives: number;
}
/** `draws` null: a part's interval, without resampling. */
type Take = (windows: Exam['windows'], by: (judgement: Judgement) => number, draws: Rng | null) => Taken | null;

/** Fifteen parts a score: resampled, they would cost more than everything else of it. */
function partInterval(exam: ClusteredExam, metric: Metric): { estimate: number; interval: Interval | null } | null {
  if (metric === 'auroc') return clusterDelong(exam);
  const estimate = rocAuc(exam.labels, exam.scores);
  return estimate === null ? null : { estimate, interval: clusterAccuracy(exam) };
}

function partsOf(
  exam: Exam,
  metric: Metric,
  ranked: (judgement: Judgement) => number,
  byWindow: ReadonlyMap<Exam['windows'][number], Judgement | null>,
  headline: Taken,
  take: Take,
  rng: (...purpose: (string | number)[]) => Rng,
): ScoreParts {
  const of = (kind: string): Exam['windows'] => exam.windows.filter((window) => window.kind === kind);
  const [firing, random] = [of('activating'), of('random')];
  const figure = (taken: Taken | null): Figure[] =>
    taken === null
      ? []
      : [
          {
            value: taken.value,
            lower: taken.interval?.low ?? null,
            upper: taken.interval?.high ?? null,
            nPositives: taken.nPositives,
            nNegatives: taken.nNegatives,
          },
        ];
  const quantiles = [...new Set(firing.flatMap(({ quantile }) => quantile ?? []))].sort((a, b) => a - b);
  const judged = [...firing, ...random].flatMap((window) => byWindow.get(window) ?? []);
  const sure = metric === 'balanced_accuracy' && judged.some(({ score }) => score !== 0 && score !== 1);
  return {
    classes: NEGATIVE_CLASSES.flatMap((name) => {
      const silent = of(name);
      if (silent.length === 0) return [];
      // One figure has one interval, wherever it is shown.
      const taken = name === 'random' ? headline : take([...firing, ...silent], ranked, null);
      return figure(taken).map((one) => ({ class: name, ...one }));
    }),
    quantiles: quantiles.flatMap((quantile) =>
      figure(take([...firing.filter((window) => window.quantile === quantile), ...random], ranked, null)).map((one) => ({
        quantile,
        ...one,
      })),
    ),
    metrics: sure ? figure(take([...firing, ...random], ({ score }) => score, rng('probabilities'))).map((one) => ({ metric: 'auroc' as const, ...one })) : [],
  };
}

function verdictOf({ row, start, kind }: Exam['windows'][number], judgement: Judgement | null): Verdict {
  const positive = kind === 'activating';
  return {
    row,
    start,
    positive,
    score: judgement?.score ?? null,
    right: judgement?.yes === undefined ? null : judgement.yes === positive,
    kind,
    ...(judgement?.marked && { marked: judgement.marked }),
  };
}

function documentIds(windows: Exam['windows']): number[] {
  const ids = new Map<string, number>();
  return windows.map(({ document }) => {
    const id = ids.get(document) ?? ids.size;
    ids.set(document, id);
    return id;
  });
}
