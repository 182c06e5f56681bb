import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { madeFromTakenDown } from '#platform/database/takedowns.ts';
import { ofRun } from './explanation-attempts.ts';
import type { RunFacts } from './run-facts.ts';

const rowSchema = z.object({
  id: z.string(),
  latent: z.number().int(),
  method: z.string(),
  text: z.string(),
  rule: z.unknown(),
  inputKey: z.string(),
});

export interface CurrentExplanation extends Omit<z.infer<typeof rowSchema>, 'id'> {
  id: bigint;
}

/**
 * The explanations that this run's explainers gave for its evidence: made by it or, from the same inputs, by an earlier
 * run. One a latent and method, the newest; another model's or version's is not taken for this one's, and none that was
 * made from a document taken down since. With `auto` the method differs from latent to latent.
 */
export async function currentExplanations(
  db: Pool | PoolClient,
  run: Pick<RunFacts, 'id' | 'coderId'>,
  latents: readonly number[],
): Promise<CurrentExplanation[]> {
  const { rows } = await db.query(
    `SELECT DISTINCT ON (latent_index, method) id::text, latent_index AS latent, method, text, rule, input_key AS "inputKey"
       FROM explanations x
      WHERE coder_id = $1 AND latent_index = ANY($2) AND ${ofRun('x', '$3')} AND NOT ${madeFromTakenDown('x')}
      ORDER BY latent_index, method, id DESC`,
    [String(run.coderId), latents, String(run.id)],
  );
  return z
    .array(rowSchema)
    .parse(rows)
    .map((row) => ({ ...row, id: BigInt(row.id) }));
}
