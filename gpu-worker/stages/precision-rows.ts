import type { Pool, PoolClient } from 'pg';
import { precisionFiguresSchema, type PrecisionFigures, type PrecisionScorer } from '#lib/score/precision.ts';

/** One measurement of one explanation. */
export interface TakenPrecision {
  coderId: bigint;
  latent: number;
  explanationId: bigint;
  method: string;
  runId: bigint;
  scorer: PrecisionScorer;
  figures: PrecisionFigures;
  provenance: Record<string, unknown>;
  inputKey: string;
}

/** Keeps measurements; one of the same inputs stays as it is. */
export async function insertPrecisions(client: PoolClient, taken: readonly TakenPrecision[]): Promise<void> {
  for (const one of taken) {
    await client.query(
      `INSERT INTO precisions (coder_id, latent_index, explanation_id, run_id, scorer, figures, provenance, input_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
      [
        ...[String(one.coderId), one.latent, String(one.explanationId), String(one.runId), one.scorer],
        ...[JSON.stringify(one.figures), JSON.stringify(one.provenance), one.inputKey],
      ],
    );
  }
}

/** Figures that are kept, by `explanation input-key`. */
export async function keptPrecisions(pool: Pool, coderId: bigint, inputKeys: readonly string[]): Promise<Map<string, PrecisionFigures>> {
  const { rows } = await pool.query<{ key: string; figures: unknown }>(
    `SELECT explanation_id || ' ' || input_key AS key, figures FROM precisions WHERE coder_id = $1 AND input_key = ANY($2)`,
    [String(coderId), inputKeys],
  );
  return new Map(rows.map(({ key, figures }) => [key, precisionFiguresSchema.parse(figures)]));
}
