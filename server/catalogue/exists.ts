import type { Pool } from 'pg';
import { findCoder, findModel, noLatent } from './find.ts';

/** What an address of the catalogue names: a model, one of its coders, one of its latents. */
export interface CataloguePlace {
  model: string;
  coder?: string;
  index?: number;
}

/**
 * Asks whether a place is there, as cheaply as its keys allow. Throws AppError `not_found` saying what is missing,
 * `database_unavailable` by way of the driver's error when nobody answers.
 */
export async function assertExists(pool: Pool, { model, coder, index }: CataloguePlace): Promise<void> {
  if (coder === undefined) {
    await findModel(pool, model);
    return;
  }
  const place = await findCoder(pool, model, coder);
  if (index === undefined) return;
  const { rowCount } = await pool.query('select 1 from latents where coder_id = $1 and index = $2', [place.coderId, index]);
  if (rowCount === 0) throw noLatent(place, index);
}
