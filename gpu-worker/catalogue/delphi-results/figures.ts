import type { Rng } from '#lib/random/rng.ts';
import { AXES } from '#lib/score/axis.ts';
import { scoreFiguresSchema, type Metric, type ScoreFigures, type Scorer, type Verdict } from '#lib/score/schema.ts';
import { classification } from '#lib/stats/classification.ts';
import { clusterBootstrap } from '#lib/stats/cluster-bootstrap.ts';
import { clusterCorrelation } from '#lib/stats/cluster-correlation.ts';
import type { Interval } from '#lib/stats/interval.ts';
import { MIN_ANSWERED_SHARE } from '#gpu-worker/score/figures.ts';
import type { DelphiJudged, DelphiSimulated } from './read-folder.ts';

/** A score worked out anew from delphi's verdicts. Its intervals take each window for a document of its own: delphi does not save which text one is from. */
export interface DelphiScore {
  scorer: Scorer;
  metric: Metric;
  value: number | null;
  interval: Interval | null;
  nPositives: number;
  nNegatives: number;
  nFailed: number;
  failure: string | null;
  parts: ScoreFigures;
  verdicts: Verdict[];
}

/**
 * Balanced accuracy over the windows with a verdict, half of each kind at least as everywhere, and AUROC where all of those
 * have a probability. A window without a verdict failed.
 */
export function judgedScore(scorer: 'detection' | 'fuzzing', windows: readonly DelphiJudged[], rng: Rng): DelphiScore {
  const answered = windows.flatMap((window, i) => (window.prediction === null ? [] : [{ ...window, prediction: window.prediction, id: i }]));
  const labels = answered.map(({ activating }) => activating);
  const documents = answered.map(({ id }) => id);
  const nPositives = labels.filter(Boolean).length;
  const firing = windows.filter(({ activating }) => activating).length;
  const enough = (n: number, of: number): boolean => n > 0 && n >= MIN_ANSWERED_SHARE * of;
  const both = enough(nPositives, firing) && enough(labels.length - nPositives, windows.length - firing);
  // Predictions as 0 and 1 make the AUROC the balanced accuracy.
  const accuracy = both ? clusterBootstrap({ labels, scores: answered.map(({ prediction }) => Number(prediction)), documents }, rng) : null;
  const likelihoods = answered.flatMap(({ probability }) => probability ?? []);
  const auroc = both && likelihoods.length === answered.length ? clusterBootstrap({ labels, scores: likelihoods, documents }, rng) : null;
  const counts = { nPositives, nNegatives: labels.length - nPositives };
  return {
    scorer,
    metric: 'balanced_accuracy',
    value: accuracy?.estimate ?? null,
    interval: accuracy?.interval ?? null,
    ...counts,
    nFailed: windows.length - answered.length,
    failure:
      accuracy === null
        ? `delphi has usable verdicts on ${nPositives} of ${firing} firing and ${counts.nNegatives} of ${windows.length - firing} silent windows; a score takes half of each.`
        : null,
    parts: scoreFiguresSchema.parse({
      metrics: auroc ? [{ metric: 'auroc', value: auroc.estimate, lower: auroc.interval?.low ?? null, upper: auroc.interval?.high ?? null, ...counts }] : [],
      failures: { bad_answer: windows.length - answered.length },
      chance: AXES.balanced_accuracy.chance,
    }),
    verdicts: windows.map(({ activating, prediction, probability }, row) => ({
      row,
      start: 0,
      positive: activating,
      score: prediction === null ? null : (probability ?? Number(prediction)),
      right: prediction === null ? null : prediction === activating,
      kind: activating ? 'activating' : 'random',
    })),
  };
}

/**
 * Pearson's r over all tokens of delphi's overall group, or of all tenths where it simulated no silent windows. A window
 * whose answer delphi could not use was saved as zeros, like one that was said to be silent: those cannot be told apart.
 */
export function simulationScore(groups: readonly DelphiSimulated[], rng: Rng): DelphiScore {
  const overall = groups.find(({ distance }) => distance === 0);
  const windows = (overall ? [overall] : groups).flatMap(({ scored_sequence_simulations: simulated }) => simulated);
  const [x, y, documents, strata]: [number[], number[], number[], boolean[]] = [[], [], [], []];
  const firing = windows.map(({ true_activations: truth }) => truth.some((value) => value > 0));
  for (const [i, { simulation, true_activations: truth }] of windows.entries()) {
    for (const [j, value] of truth.entries()) {
      x.push(value);
      y.push(simulation.expected_activations[j] ?? 0);
      documents.push(i);
      strata.push(firing[i] as boolean);
    }
  }
  const r = clusterCorrelation({ x, y, documents, strata }, rng);
  const nPositives = firing.filter(Boolean).length;
  return {
    scorer: 'simulation',
    metric: 'pearson_r',
    value: r?.estimate ?? null,
    interval: r?.interval ?? null,
    nPositives,
    nNegatives: windows.length - nPositives,
    nFailed: 0,
    failure: r === null ? 'The simulated or the true activations are all equal: no correlation is defined.' : null,
    parts: scoreFiguresSchema.parse({ chance: AXES.pearson_r.chance }),
    verdicts: [],
  };
}

/** Classification over the windows of all latents put together, as delphi reports it. */
export interface PooledFigures {
  balancedAccuracy: number;
  f1: number;
  precision: number;
  recall: number;
  windows: number;
  failed: number;
}

/** delphi's own figures: one confusion table over all latents' windows that have a prediction. Null without any. */
export function pooledFigures(exams: readonly (readonly DelphiJudged[])[]): PooledFigures | null {
  const all = exams.flat();
  const answered = all.filter(({ prediction }) => prediction !== null);
  if (answered.length === 0) return null;
  const { balancedAccuracy, f1, precision, recall } = classification(
    answered.map(({ activating }) => Number(activating)),
    answered.map(({ prediction }) => Number(prediction)),
  );
  return { balancedAccuracy, f1, precision, recall, windows: answered.length, failed: all.length - answered.length };
}
