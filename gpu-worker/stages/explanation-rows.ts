import type { PoolClient } from 'pg';
import { copyRows } from '#platform/database/copy-rows.ts';

export interface NewExplanation {
  coderId: bigint;
  latentIndex: number;
  runId: bigint;
  method: string;
  explainer: string;
  text: string;
  /** The lexical baseline's executable rule; null for other methods. */
  rule: unknown;
  provenance: unknown;
  inputKey: string;
}

/** Appends explanations; one with the same inputs as an earlier one is not written again. */
export async function insertExplanations(client: PoolClient, explanations: readonly NewExplanation[]): Promise<void> {
  const columns = ['coder_id', 'latent_index', 'run_id', 'method', 'explainer', 'text', 'rule', 'provenance', 'input_key'];
  await client.query('CREATE TEMP TABLE new_explanations (LIKE explanations INCLUDING DEFAULTS) ON COMMIT DROP');
  await copyRows(
    client,
    'new_explanations',
    columns,
    explanations.map((e) => [
      e.coderId,
      e.latentIndex,
      e.runId,
      e.method,
      e.explainer,
      e.text,
      e.rule === null ? null : JSON.stringify(e.rule),
      JSON.stringify(e.provenance),
      e.inputKey,
    ]),
  );
  await client.query(
    `INSERT INTO explanations (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM new_explanations ORDER BY latent_index
     ON CONFLICT (coder_id, latent_index, input_key) DO NOTHING`,
  );
}
