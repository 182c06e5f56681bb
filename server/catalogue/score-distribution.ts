import type { Pool } from 'pg';
import type { ProtocolName } from '#lib/example/protocol.ts';
import { scoreDistribution, type ScoreDistribution } from '#lib/score/distribution.ts';

interface FiguresRow {
  protocol: ProtocolName;
  values: number[] | null;
  lowers: number[] | null;
  controls: number[] | null;
}

/**
 * How the embedding scores of a coder's latents spread, and those of the control: one score a latent, the newest of its
 * headline explanation. Of one protocol alone: atlas where a latent was scored under it, else the one most latents have.
 * One scan of the coder's scores; ask through a cache.
 */
export async function readScoreDistribution(pool: Pool, coderId: string): Promise<ScoreDistribution> {
  const { rows } = await pool.query<FiguresRow>(
    `with s as (
       select distinct on (s.explanation_id) s.value, s.lower, s.control_value, r.protocol
       from latents l
       join scores s on s.coder_id = l.coder_id and s.explanation_id = l.headline_explanation_id and s.scorer = 'embedding'
       join runs r on r.id = s.run_id
       where l.coder_id = $1 and l.headline_explanation_id is not null
       order by s.explanation_id, s.id desc
     )
     select protocol, array_agg(value) filter (where value is not null) as values,
       array_agg(lower) filter (where lower is not null) as lowers,
       array_agg(control_value) filter (where control_value is not null) as controls
     from s group by protocol order by (protocol <> 'atlas'), count(*) desc, protocol limit 1`,
    [coderId],
  );
  const [row] = rows;
  return scoreDistribution({ protocol: row?.protocol ?? 'atlas', values: row?.values ?? [], lowers: row?.lowers ?? [], controls: row?.controls ?? [] });
}
