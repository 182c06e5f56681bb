import { z } from 'zod';
import { NEGATIVE_CLASSES } from '#lib/example/protocol.ts';
import type { ExplanationView } from '#lib/explanation/schema.ts';
import type { ScoreView, TakenScoreView } from '#lib/score/schema.ts';

/** What a latent's page shows in its main column; in the URL, so that it can be linked to. */
export const LATENT_VIEWS = ['lines', 'windows', 'negatives', 'verdicts'] as const;
export type LatentViewName = (typeof LATENT_VIEWS)[number];

export const latentViewSchema = z.object({
  view: z.enum(LATENT_VIEWS).default('lines'),
  /** Whose verdicts; by default the rule's over windows. */
  score: z
    .string()
    .regex(/^[1-9][0-9]{0,17}$/)
    .optional(),
  /** Verdicts of silent windows of one class alone, beside those of firing ones. */
  class: z.enum(NEGATIVE_CLASSES).optional(),
  embed: z.enum(['true', 'false']).default('false'),
});

/**
 * The score whose verdicts are shown: the one asked for, else of those that stand the newest that says right or wrong
 * about each window (the rule's, then detection's), else the newest of any kind; one that failed only where there is no
 * other; null when the latent has no scores.
 *
 * @param ofLatent scores of the latent itself, shown where no explanation has any
 */
export function examToShow(explanations: readonly ExplanationView[], ofLatent: readonly TakenScoreView[], wanted: string | undefined): ScoreView | null {
  const scores = [...explanations.flatMap((explanation) => explanation.scores), ...ofLatent];
  const taken = scores.filter((score) => score.current && score.value !== null);
  const newest = (scorer: string): ScoreView | undefined => taken.find((score) => score.scorer === scorer);
  return (
    scores.find((score) => score.id === wanted) ?? newest('rule_windows') ?? newest('detection') ?? taken[0] ?? scores.find((score) => score.current) ?? null
  );
}
