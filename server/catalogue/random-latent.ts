import type { Pool } from 'pg';
import type { LatentPlace } from '#lib/catalogue/overview.ts';
import { AppError } from '#lib/errors/app-error.ts';
import type { CatalogueFigures } from './figures.ts';
import { findCoder } from './find.ts';

/**
 * An explained latent drawn at random: of one coder, of one model's coders, or of the whole catalogue, coders weighted
 * by their explained latents. Within a coder the latent is the first explained one from a random index on: a step of
 * an index, not a scan; gaps favour the latents after them a little, which nobody browsing minds.
 * Throws AppError `not_found` for an unknown model or coder, and when nothing is explained yet.
 */
export async function randomLatent(
  pool: Pool,
  figures: CatalogueFigures,
  within: { model?: string; coder?: string },
  random: () => number = Math.random,
): Promise<LatentPlace> {
  if (within.model !== undefined && within.coder !== undefined) await findCoder(pool, within.model, within.coder);
  const { rows } = await pool.query<{ id: string; model: string; coder: string; width: number }>(
    `select c.id, m.slug as model, c.slug as coder, c.width from sparse_coders c join models m on m.id = c.model_id
     where ($1::text is null or m.slug = $1) and ($2::text is null or c.slug = $2) order by c.id`,
    [within.model ?? null, within.coder ?? null],
  );
  const { byCoder } = await figures.tallies();
  const coders = rows.map((row) => ({ ...row, explained: byCoder.get(row.id)?.explained ?? 0 }));
  let ticket = random() * coders.reduce((sum, coder) => sum + coder.explained, 0);
  const coder = coders.find((candidate) => (ticket -= candidate.explained) < 0);
  const index = coder === undefined ? null : await explainedFrom(pool, coder.id, Math.floor(random() * coder.width));
  if (coder === undefined || index === null) throw new AppError('not_found', 'Nothing is explained here yet: come back when a run has finished.');
  return { model: coder.model, coder: coder.coder, index };
}

/** The first explained latent at or after `start`, or, past the end, the first of all. */
async function explainedFrom(pool: Pool, coderId: string, start: number): Promise<number | null> {
  const { rows } = await pool.query<{ index: number }>(
    `(select 0 as round, index from latents where coder_id = $1 and index >= $2 and headline_explanation_id is not null order by index limit 1)
     union all
     (select 1, index from latents where coder_id = $1 and index < $2 and headline_explanation_id is not null order by index limit 1)
     order by round limit 1`,
    [coderId, start],
  );
  return rows[0]?.index ?? null;
}
