import type { Pool } from 'pg';
import { scoreDistribution, type ScoreDistribution } from '#lib/score/distribution.ts';

interface FiguresRow {
  values: number[] | null;
  lowers: number[] | null;
  controls: number[] | null;
}

/**
 * How the embedding scores of a coder's latents spread, and those of the control: one score a latent, the newest of its
 * headline explanation. One scan of the coder's scores; ask through a cache.
 */
export async function readScoreDistribution(pool: Pool, coderId: string): Promise<ScoreDistribution> {
  const { rows } = await pool.query<FiguresRow>(
    `with s as (
       select distinct on (s.explanation_id) s.value, s.lower, s.control_value
       from latents l
       join scores s on s.coder_id = l.coder_id and s.explanation_id = l.headline_explanation_id and s.scorer = 'embedding'
       where l.coder_id = $1 and l.headline_explanation_id is not null
       order by s.explanation_id, s.id desc
     )
     select array_agg(value) filter (where value is not null) as values,
       array_agg(lower) filter (where lower is not null) as lowers,
       array_agg(control_value) filter (where control_value is not null) as controls
     from s`,
    [coderId],
  );
  const [row] = rows;
  return scoreDistribution({ values: row?.values ?? [], lowers: row?.lowers ?? [], controls: row?.controls ?? [] });
}
