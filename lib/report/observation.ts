import type { Metric, Scorer, ScoreParts } from '#lib/score/schema.ts';

/** One score of one latent, as a report is made from: the newest of its explanation and scorer. */
export interface Observation {
  latent: number;
  /** The explanation's method; null for a scorer that judges the latent itself. */
  method: string | null;
  scorer: Scorer;
  metric: Metric;
  value: number | null;
  lower: number | null;
  control: number | null;
  nFailed: number;
  /** Share of tokens on which the latent fires. */
  frequency: number;
  parts: ScoreParts;
}

/** One way of explaining under one scorer: what is averaged together, and never with another. */
export interface ObservationGroup {
  method: string | null;
  scorer: Scorer;
  metric: Metric;
  observations: Observation[];
}

/** Observations by method, scorer and metric, in the order in which each first comes. */
export function groupObservations(observations: readonly Observation[]): ObservationGroup[] {
  const groups = new Map<string, ObservationGroup>();
  for (const observation of observations) {
    const { method, scorer, metric } = observation;
    const key = JSON.stringify([method, scorer, metric]);
    const group = groups.get(key) ?? { method, scorer, metric, observations: [] };
    groups.set(key, group);
    group.observations.push(observation);
  }
  return [...groups.values()];
}
