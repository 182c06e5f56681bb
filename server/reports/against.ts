import { comparePaired, compareUnpaired } from '#lib/report/compare.ts';
import { groupObservations } from '#lib/report/observation.ts';
import type { Comparison } from '#lib/report/schema.ts';
import type { ReadReport } from './read-report.ts';

/**
 * A run against another, under each scorer and explainer that both have: latent by latent where they are of one coder,
 * which tells samplers and language models apart, else as two sets of latents. The exams of two samples are different
 * windows of the same latents: what is paired is the latent.
 */
export function compareRuns(one: ReadReport, other: ReadReport): Comparison[] {
  const [a, b] = [`run ${one.report.run.id}`, `run ${other.report.run.id}`];
  const sameCoder = one.report.run.model === other.report.run.model && one.report.run.coder === other.report.run.coder;
  const others = groupObservations(other.observations);
  return groupObservations(one.observations).flatMap((group) => {
    const match = others.find(({ method, scorer, metric }) => method === group.method && scorer === group.scorer && metric === group.metric);
    if (match === undefined) return [];
    const { method, scorer, metric } = group;
    const key = [a, b, method ?? '', scorer, metric];
    const named = (run: string): string => (method === null ? run : `${run}, ${method}`);
    const theirs = new Map(match.observations.flatMap(({ latent, value }) => (value === null ? [] : [[latent, value]])));
    const ours = group.observations.flatMap(({ latent, value }) => (value === null ? [] : [[latent, value] as const]));
    const pairs = sameCoder ? ours.filter(([latent]) => theirs.has(latent)) : [];
    const comparison = sameCoder
      ? comparePaired(pairs.map(([, value]) => value), pairs.map(([latent]) => theirs.get(latent) as number), key) // prettier-ignore
      : compareUnpaired(ours.map(([, value]) => value), [...theirs.values()], key); // prettier-ignore
    return comparison === null ? [] : [{ scorer, metric, a: named(a), b: named(b), ...comparison }];
  });
}
