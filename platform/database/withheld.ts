import { madeFromTakenDown } from './takedowns.ts';

/**
 * SQL condition: the explanation row `alias` was withdrawn by who entered it, or hidden by an admin and not shown again
 * since. Whoever reads explanations for other people leaves it out; the row stays, as does who did it and when.
 */
export function moderatedAway(alias: string): string {
  return `EXISTS (
    SELECT 1 FROM explanation_events AS away WHERE away.coder_id = ${alias}.coder_id AND away.explanation_id = ${alias}.id
      AND (away.action = 'withdrawn' OR (away.action = 'hidden' AND NOT EXISTS (
        SELECT 1 FROM explanation_events AS later WHERE later.coder_id = away.coder_id AND later.explanation_id = away.explanation_id
          AND later.action = 'shown' AND later.id > away.id))))`;
}

/** SQL condition: the explanation row `alias` is not to be shown to anybody, because of a takedown or of moderation. */
export const notShown = (alias: string): string => `(${madeFromTakenDown(alias)} OR ${moderatedAway(alias)})`;
