/**
 * SQL condition: the row `alias` (of scores, explanations or latents) was made under protocol atlas. Lists sort, facets
 * count and figures draw such scores alone: those of protocols that show an explainer part of its exam are another
 * quantity, and are shown where they are named.
 */
export function ofAtlas(alias: string): string {
  return `EXISTS (SELECT 1 FROM runs AS of_run WHERE of_run.id = ${alias}.run_id AND of_run.protocol = 'atlas')`;
}
