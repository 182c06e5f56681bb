import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';

/** Windows of one prompt, as indices into the exam, in the order they are shown. */
export interface PromptItems {
  items: number[];
  /** An item whose answer counts for nothing: it is there so that the prompt does not consist of silent windows alone. */
  companion: number | null;
}

/**
 * Which windows of an exam share a prompt. Firing and random silent ones, the headline, are asked about together in the
 * exam's order, whatever other classes there are, so that neither the headline nor its controls depend on those. The other
 * classes follow in prompts of their own; where a prompt holds several windows one place in each goes to a firing window
 * that was asked about already, since a prompt in which nothing ever fits is soon seen through.
 *
 * @param perPrompt windows in one prompt, ≥ 1
 */
export function planPrompts({ exam, latent, seed }: LatentExam, name: string, perPrompt: number): PromptItems[] {
  const indices = exam.windows.map((_, i) => i);
  const isHeadline = (i: number): boolean => exam.positive[i] === true || exam.windows[i]?.kind === 'random';
  const headline = chunks(indices.filter(isHeadline), perPrompt).map((items) => ({ items, companion: null }));
  const further = indices.filter((i) => !isHeadline(i));
  const firing = indices.filter((i) => exam.positive[i]);
  if (perPrompt === 1 || firing.length === 0) return [...headline, ...chunks(further, perPrompt).map((items) => ({ items, companion: null }))];
  const order = sampleIndices(rngFor(seed, `${name} companions`, latent), firing.length, firing.length);
  return [
    ...headline,
    ...chunks(further, perPrompt - 1).map((items, n) => {
      const companion = firing[order[n % order.length] as number] as number;
      return { items: items.toSpliced(rngFor(seed, `${name} companion place`, latent, n).int(items.length + 1), 0, companion), companion };
    }),
  ];
}

function chunks(items: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
