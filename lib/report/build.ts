import { AXES } from '#lib/score/axis.ts';
import { pearson } from '#lib/stats/pearson.ts';
import { spearman } from '#lib/stats/spearman.ts';
import { wilson } from '#lib/stats/wilson.ts';
import { comparePaired } from './compare.ts';
import { groupObservations, type Observation, type ObservationGroup } from './observation.ts';
import type { ReportLine, RunReport } from './schema.ts';
import { resampled, spreadOf } from './spread.ts';

type Figures = Pick<RunReport, 'lines' | 'quantiles' | 'classes' | 'correlations' | 'comparisons'>;

/** All statistics of a run's scores. Draws are seeded by what they are for, so the same scores give the same report. */
export function reportFigures(observations: readonly Observation[]): Figures {
  const groups = groupObservations(observations);
  return {
    lines: groups.map(lineOf),
    quantiles: groups.flatMap((group) => parts(group, 'quantiles', ({ quantile }) => quantile, (quantile) => ({ quantile }))), // prettier-ignore
    classes: groups.flatMap((group) => parts(group, 'classes', (figure) => figure.class, (of) => ({ class: of }))), // prettier-ignore
    correlations: correlationsOf(groups),
    comparisons: explainersCompared(groups),
  };
}

const keyOf = ({ method, scorer, metric }: ObservationGroup): (string | number)[] => [method ?? '', scorer, metric];

/** A way of scoring none of whose scores could be taken has its line too: what failed is told and not left out. */
function lineOf(group: ObservationGroup): ReportLine {
  const { method, scorer, metric, observations } = group;
  const valued = observations.flatMap((one) => (one.value === null ? [] : [{ ...one, value: one.value }]));
  const key = keyOf(group);
  const score = spreadOf(valued.map(({ value }) => value), key); // prettier-ignore
  const nullValue = AXES[metric].chance;
  const controlled = valued.flatMap(({ value, control }) => (control === null ? [] : [{ value, control }]));
  const bounded = valued.flatMap(({ lower }) => (lower === null ? [] : [lower]));
  const above = bounded.filter((lower) => lower > nullValue).length;
  const share = wilson(above, bounded.length);
  return {
    ...{ method, scorer, metric, nullValue, score },
    control: spreadOf(controlled.map(({ control }) => control), [...key, 'control']), // prettier-ignore
    overControl: spreadOf(controlled.map(({ value, control }) => value - control), [...key, 'over control']), // prettier-ignore
    aboveNull: { value: bounded.length === 0 ? 0 : above / bounded.length, lower: share?.low ?? null, upper: share?.high ?? null },
    frequencyWeighted: resampled(
      valued.length,
      (indices) => {
        let [sum, weights] = [0, 0];
        for (const i of indices) {
          const { value, frequency } = valued[i]!;
          sum += value * frequency;
          weights += frequency;
        }
        return weights === 0 ? null : sum / weights;
      },
      [...key, 'frequency-weighted'],
    ),
    failedScores: observations.length - valued.length,
    failedItems: valued.reduce((sum, { nFailed }) => sum + nFailed, 0),
  };
}

/** The spread over latents of each of the parts of a score: its tenths, or its classes of negatives. */
function parts<Kind extends 'quantiles' | 'classes', Name extends string | number, Label extends object>(
  group: ObservationGroup,
  kind: Kind,
  nameOf: (figure: Observation['parts'][Kind][number]) => Name,
  label: (name: Name) => Label,
) {
  const { method, scorer, metric, observations } = group;
  const byName = new Map<Name, number[]>();
  for (const { parts: all } of observations) {
    for (const figure of all[kind]) byName.set(nameOf(figure), [...(byName.get(nameOf(figure)) ?? []), figure.value]);
  }
  return [...byName]
    .sort(([a], [b]) => (typeof a === 'number' && typeof b === 'number' ? a - b : 0))
    .flatMap(([name, values]) => {
      const score = spreadOf(values, [...keyOf(group), kind, name]);
      return score === null ? [] : [{ method, scorer, metric, ...label(name), score }];
    });
}

/** Ranking thousands of latents anew costs a millisecond, and there are as many pairs as scorers squared. */
const CORRELATION_RESAMPLES = 300;

/** Pearson and Spearman of every two scorers over the latents that both scored (Paulo et al. 2024, tables A1 and A2). */
function correlationsOf(groups: readonly ObservationGroup[]): Figures['correlations'] {
  const out: Figures['correlations'] = [];
  for (const [i, one] of groups.entries()) {
    for (const other of groups.slice(i + 1)) {
      if (one.method === null || one.method !== other.method || one.scorer === other.scorer) continue;
      const { x, y } = shared(one, other);
      const pick = (values: readonly number[], indices: Uint32Array): Float64Array => Float64Array.from(indices, (j) => values[j]!);
      const key = [one.method, one.scorer, other.scorer];
      const r = resampled(x.length, (indices) => pearson(pick(x, indices), pick(y, indices)), [...key, 'pearson'], CORRELATION_RESAMPLES);
      const rho = resampled(x.length, (indices) => spearman(pick(x, indices), pick(y, indices)), [...key, 'spearman'], CORRELATION_RESAMPLES);
      if (r === null || rho === null) continue;
      out.push({ method: one.method, a: one.scorer, b: other.scorer, n: x.length, pearson: r, spearman: rho });
    }
  }
  return out;
}

/** Values of the latents that two groups both scored, side by side. */
function shared(a: ObservationGroup, b: ObservationGroup): { x: number[]; y: number[] } {
  const others = new Map(b.observations.flatMap(({ latent, value }) => (value === null ? [] : [[latent, value]])));
  const pairs = a.observations.flatMap(({ latent, value }) => {
    const other = others.get(latent);
    return value === null || other === undefined ? [] : [[value, other] as const];
  });
  return { x: pairs.map(([x]) => x), y: pairs.map(([, y]) => y) };
}

/** Every two explainers under each scorer, latent by latent: both sat the same exam. */
function explainersCompared(groups: readonly ObservationGroup[]): Figures['comparisons'] {
  return groups.flatMap((one, i) =>
    groups.slice(i + 1).flatMap((other) => {
      if (one.method === null || other.method === null || one.scorer !== other.scorer || one.metric !== other.metric) return [];
      const { x, y } = shared(one, other);
      const comparison = comparePaired(x, y, [one.method, other.method, one.scorer, one.metric]);
      return comparison === null ? [] : [{ scorer: one.scorer, metric: one.metric, a: one.method, b: other.method, ...comparison }];
    }),
  );
}
