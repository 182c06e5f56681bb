import type { Pool } from 'pg';
import { z } from 'zod';
import { precisionFiguresSchema, precisionScorerSchema, precisionViewSchema, type PrecisionLine, type PrecisionView } from '#lib/score/precision.ts';
import { precisionLines } from '#lib/score/precision-lines.ts';
import { madeFromTakenDown } from '#platform/database/takedowns.ts';

/** The newest measurement of each explanation of a latent by each judge, by the explanation's id. */
export async function precisionsOf(pool: Pool, coderId: string, index: number): Promise<Map<string, PrecisionView[]>> {
  const { rows } = await pool.query<{ explanation: string; scorer: string; run: string; figures: object; at: Date }>(
    `select distinct on (explanation_id, scorer) explanation_id::text as explanation, scorer, run_id::text as run, figures, created_at as at
       from precisions where coder_id = $1 and latent_index = $2 order by explanation_id, scorer, id desc`,
    [coderId, index],
  );
  const byExplanation = new Map<string, PrecisionView[]>();
  for (const { explanation, scorer, run, figures, at } of rows) {
    const view = precisionViewSchema.parse({ ...figures, scorer, runId: run, createdAt: at.toISOString() });
    byExplanation.set(explanation, [...(byExplanation.get(explanation) ?? []), view]);
  }
  return byExplanation;
}

const measuredSchema = z.array(z.object({ method: z.string(), scorer: precisionScorerSchema, figures: precisionFiguresSchema }));

/**
 * A coder's measurements over the latents of which there are any: of each latent, method and judge the newest. Of one protocol
 * alone: atlas where there are any under it, else the one most are of.
 */
export async function coderPrecision(pool: Pool, coderId: string): Promise<PrecisionLine[]> {
  const { rows } = await pool.query(
    `with measured as (
       select distinct on (1, p.scorer, x.method, p.latent_index) coalesce(r.protocol, 'atlas') as protocol, x.method, p.scorer, p.latent_index, p.figures
         from precisions p join explanations x on x.coder_id = p.coder_id and x.id = p.explanation_id left join runs r on r.id = p.run_id
        where p.coder_id = $1 and not ${madeFromTakenDown('x')}
        order by 1, p.scorer, x.method, p.latent_index, p.id desc)
     select method, scorer, figures from measured
      where protocol = (select protocol from measured group by protocol order by (protocol <> 'atlas'), count(*) desc, protocol limit 1)
      order by scorer, method, latent_index`,
    [coderId],
  );
  return precisionLines(measuredSchema.parse(rows).map(({ figures, ...rest }) => ({ ...rest, ...figures })));
}
