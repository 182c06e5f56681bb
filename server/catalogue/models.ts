import type { Pool } from 'pg';
import type { ModelSummary } from '#lib/catalogue/schema.ts';
import { findModel } from './find.ts';
import type { CatalogueFigures } from './figures.ts';

interface ModelRow {
  slug: string;
  name: string;
  family: string;
  layers: number;
  width: number;
  vocabulary: number;
  context_length: number;
  parameters: string;
  description: string;
  license: string;
  coder_ids: string[];
}

const MODELS = `select m.slug, m.name, m.family, m.layers, m.width, m.vocabulary, m.context_length, m.parameters, m.description, m.license,
    array(select c.id from sparse_coders c where c.model_id = m.id) as coder_ids
  from models m`;

/** All models, by name. */
export async function listModels(pool: Pool, figures: CatalogueFigures): Promise<ModelSummary[]> {
  const { rows } = await pool.query<ModelRow>(`${MODELS} order by m.name, m.slug`);
  return Promise.all(rows.map((row) => toModel(row, figures)));
}

/** One model. Throws AppError `not_found` naming it. */
export async function getModel(pool: Pool, figures: CatalogueFigures, model: string): Promise<ModelSummary> {
  const id = await findModel(pool, model);
  const { rows } = await pool.query<ModelRow>(`${MODELS} where m.id = $1`, [id]);
  return toModel(rows[0]!, figures);
}

async function toModel(row: ModelRow, figures: CatalogueFigures): Promise<ModelSummary> {
  const { byCoder } = await figures.tallies();
  return {
    slug: row.slug,
    name: row.name,
    family: row.family,
    layers: row.layers,
    width: row.width,
    vocabulary: row.vocabulary,
    contextLength: row.context_length,
    parameters: Number(row.parameters),
    description: row.description,
    license: row.license,
    coders: row.coder_ids.length,
    explainedLatents: row.coder_ids.reduce((sum, id) => sum + (byCoder.get(id)?.explained ?? 0), 0),
  };
}
