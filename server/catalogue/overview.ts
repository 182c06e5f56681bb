import type { Pool } from 'pg';
import type { CatalogueOverview } from '#lib/catalogue/overview.ts';
import { withExamples } from './featured.ts';
import type { CatalogueFigures } from './figures.ts';

/** What the catalogue holds, and a few of its best explained latents. */
export async function getOverview(pool: Pool, figures: CatalogueFigures): Promise<CatalogueOverview> {
  const [counts, tallies, featured, indexed] = await Promise.all([
    pool.query<{ models: number; coders: number }>('select (select count(*) from models)::int as models, (select count(*) from sparse_coders)::int as coders'),
    figures.tallies(),
    figures.featured(),
    figures.indexed(),
  ]);
  const coders = [...tallies.byCoder.values()];
  const sum = (pick: (coder: (typeof coders)[number]) => number): number => coders.reduce((total, coder) => total + pick(coder), 0);
  return {
    models: counts.rows[0]?.models ?? 0,
    coders: counts.rows[0]?.coders ?? 0,
    latents: sum((coder) => coder.latents),
    explained: sum((coder) => coder.explained),
    scored: sum((coder) => coder.scored),
    indexed,
    explanations: tallies.explanations,
    scores: tallies.scores,
    tokens: tallies.tokens,
    featured: await withExamples(pool, featured),
  };
}
