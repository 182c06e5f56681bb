import type { Pool } from 'pg';
import type { CoderSummary } from '#lib/catalogue/schema.ts';
import { coderProfileSchema } from '#lib/coder/profile.ts';
import type { ScoreDistribution } from '#lib/score/distribution.ts';
import { findCoder, findModel } from './find.ts';
import type { CatalogueFigures } from './figures.ts';
import { NO_COUNTS } from './tallies.ts';

interface CoderRow {
  id: string;
  model: string;
  slug: string;
  name: string;
  format: string;
  activation: string;
  width: number;
  k: number | null;
  layer: number | null;
  input_hookpoints: string[];
  output_hookpoints: string[];
  description: string;
  profile: unknown;
}

const CODERS = `select c.id, m.slug as model, c.slug, c.name, c.format, c.activation, c.width, c.k, c.layer, c.input_hookpoints, c.output_hookpoints, c.description, c.profile
  from sparse_coders c join models m on m.id = c.model_id`;

/** The model's sparse coders, by layer, then name. Throws AppError `not_found` for an unknown model. */
export async function listCoders(pool: Pool, figures: CatalogueFigures, model: string): Promise<CoderSummary[]> {
  await findModel(pool, model);
  const { rows } = await pool.query<CoderRow>(`${CODERS} where m.slug = $1 order by c.layer nulls first, c.slug`, [model]);
  return Promise.all(rows.map((row) => toCoder(row, figures)));
}

/** One coder. Throws AppError `not_found` for an unknown model or coder. */
export async function getCoder(pool: Pool, figures: CatalogueFigures, model: string, coder: string): Promise<CoderSummary> {
  const place = await findCoder(pool, model, coder);
  const { rows } = await pool.query<CoderRow>(`${CODERS} where c.id = $1`, [place.coderId]);
  return toCoder(rows[0]!, figures);
}

async function toCoder(row: CoderRow, figures: CatalogueFigures): Promise<CoderSummary> {
  const counts = (await figures.tallies()).byCoder.get(row.id) ?? NO_COUNTS;
  return {
    model: row.model,
    slug: row.slug,
    name: row.name,
    format: row.format,
    activation: row.activation,
    width: row.width,
    k: row.k,
    layer: row.layer,
    inputHookpoints: row.input_hookpoints,
    outputHookpoints: row.output_hookpoints,
    description: row.description,
    counts,
    // One of a version that is not read here any more is none.
    profile: coderProfileSchema.safeParse(row.profile).data ?? null,
    embeddingScore: counts.scored === 0 ? null : summary(await figures.distribution(row.id)),
  };
}

function summary({ median, controlMedian, n }: ScoreDistribution): CoderSummary['embeddingScore'] {
  if (median === null || controlMedian === null) return null;
  return {
    median: median.median,
    lower: median.lower,
    upper: median.upper,
    controlMedian: controlMedian.median,
    controlLower: controlMedian.lower,
    controlUpper: controlMedian.upper,
    n,
  };
}
