import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';

const rowSchema = z.object({
  id: z.string(),
  latent: z.number().int(),
  runId: z.string(),
  method: z.string(),
  text: z.string(),
  inputKey: z.string(),
  provenance: z.looseObject({ exam: z.enum(['test', 'reserve']).optional() }),
});

/** An explanation that sits the sealed reserve, with the run whose latents and store it is scored by. */
export type EnteredExplanation = z.infer<typeof rowSchema>;

/** Explanations whose author may have seen the page. */
const AFTER_PUBLICATION: readonly string[] = ['human', 'imported'];

/**
 * An explanation that was entered, imported, or made after the page was public. What was imported stands under a run that
 * read nothing: it is scored by the latent's.
 *
 * @throws AppError `not_found` for an unknown one, `bad_request` for a run's own
 */
export async function enteredExplanation(pool: Pool, id: string): Promise<EnteredExplanation> {
  const { rows } = await pool.query(
    `SELECT x.id::text, x.latent_index AS latent, (CASE WHEN x.method = 'imported' THEN coalesce(l.run_id, x.run_id) ELSE x.run_id END)::text AS "runId",
            x.method, x.text, x.input_key AS "inputKey", x.provenance
       FROM explanations x LEFT JOIN latents l ON l.coder_id = x.coder_id AND l.index = x.latent_index WHERE x.id = $1`,
    [id],
  );
  if (rows.length === 0) throw new AppError('not_found', `There is no explanation ${id}: a latent's page calls it its version.`, { field: 'id' });
  const row = rowSchema.parse(rows[0]);
  if (row.provenance.exam !== 'reserve' && !AFTER_PUBLICATION.includes(row.method))
    throw new AppError(
      'bad_request',
      `Explanation ${id} was made by run ${row.runId}, which scores it with its controls: start a run with the scorers you want; what is known is not done again.`,
      { field: 'id' },
    );
  return row;
}
