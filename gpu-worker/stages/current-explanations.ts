import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { LEXICAL_EXPLAINER } from '#gpu-worker/activations/keys.ts';
import { madeFromTakenDown } from '#platform/database/takedowns.ts';
import { requireFact, type RunFacts } from './run-facts.ts';

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
 * made from a document taken down since.
 */
export async function currentExplanations(
  db: Pool | PoolClient,
  run: RunFacts,
  latents: readonly number[],
  chat: Pick<ChatClient, 'model'> | null,
): Promise<CurrentExplanation[]> {
  const { rows } = await db.query(
    `SELECT DISTINCT ON (latent_index, method) id::text, latent_index AS latent, method, text, rule, input_key AS "inputKey"
       FROM explanations x
      WHERE coder_id = $1 AND latent_index = ANY($2) AND method = ANY($3) AND provenance->>'sampleKey' = $4 AND explainer = ANY($5)
        AND NOT ${madeFromTakenDown('x')}
      ORDER BY latent_index, method, id DESC`,
    [String(run.coderId), latents, run.config.explainers, requireFact(run, 'sampleKey'), [LEXICAL_EXPLAINER, ...(chat ? [chat.model] : [])]],
  );
  return z
    .array(rowSchema)
    .parse(rows)
    .map((row) => ({ ...row, id: BigInt(row.id) }));
}
