import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';

/** What every read below a coder needs to know of it. */
export interface CoderPlace {
  coderId: string;
  model: string;
  coder: string;
  width: number;
  hookpoints: string[];
}

/** The model's row id. Throws AppError `not_found` naming the model. */
export async function findModel(pool: Pool, model: string): Promise<string> {
  const { rows } = await pool.query<{ id: string }>('select id from models where slug = $1', [model]);
  const [row] = rows;
  if (row === undefined) throw noModel(model);
  return row.id;
}

/** The coder's row id and the little that lists need. Throws AppError `not_found` naming the model or the coder. */
export async function findCoder(pool: Pool, model: string, coder: string): Promise<CoderPlace> {
  const { rows } = await pool.query<{ id: string; width: number; input_hookpoints: string[] }>(
    `select c.id, c.width, c.input_hookpoints from sparse_coders c join models m on m.id = c.model_id
     where m.slug = $1 and c.slug = $2`,
    [model, coder],
  );
  const [row] = rows;
  if (row !== undefined) return { coderId: row.id, model, coder, width: row.width, hookpoints: row.input_hookpoints };
  await findModel(pool, model);
  throw new AppError('not_found', `The model “${model}” has no sparse coder “${coder}” here; its own page lists them.`, { field: 'coder' });
}

function noModel(model: string): AppError {
  return new AppError('not_found', `There is no model “${model}” in this catalogue; the list of models has their names.`, { field: 'model' });
}

/** The refusal of a latent that is not there, saying why: out of range, or not looked at by any run yet. */
export function noLatent(place: CoderPlace, index: number): AppError {
  const range = `“${place.coder}” of “${place.model}” has latents 0 to ${place.width - 1}`;
  const sentence =
    index >= place.width ? `${range}; there is no ${index}.` : `No run has looked at latent ${index} of “${place.coder}” of “${place.model}” yet.`;
  return new AppError('not_found', sentence, { field: 'index' });
}
