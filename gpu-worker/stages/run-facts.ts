import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { runConfigSchema, type RunConfig } from '#lib/run/schema.ts';

/** What the stages of a run leave behind for one another, in `runs.results`. */
export const runResultsSchema = z.looseObject({
  dataKey: z.string().optional(),
  activationKey: z.string().optional(),
  sampleKey: z.string().optional(),
  /** gpu-worker/stages/plan-sample.ts. */
  similarEmbedder: z.string().nullish(),
  similarMissing: z.string().nullish(),
  /** The index of the coder's neighbours: gpu-worker/activations/neighbours/read-neighbours.ts. */
  neighboursKey: z.string().optional(),
  /** Statistics of all latents: gpu-worker/activations/statistics/statistics-file.ts. */
  statisticsKey: z.string().optional(),
  /** Whose rows in `latent_profiles` are this run's. */
  profileKey: z.string().optional(),
  hookpoint: z.string().optional(),
  rows: z.number().int().optional(),
  tokens: z.number().int().optional(),
  width: z.number().int().optional(),
});
export type RunResults = z.infer<typeof runResultsSchema>;

/** A run with the rows it points at. */
export interface RunFacts {
  id: bigint;
  config: RunConfig;
  results: RunResults;
  modelId: bigint;
  modelLocation: string;
  coderId: bigint;
  coderLocation: string;
  coderWidth: number;
  coderHookpoints: string[];
  textSourceId: bigint;
  textLocation: string;
}

const rowSchema = z.object({
  id: z.string(),
  config: runConfigSchema,
  results: runResultsSchema,
  modelId: z.string(),
  modelLocation: z.string(),
  coderId: z.string(),
  coderLocation: z.string(),
  coderWidth: z.number().int(),
  coderHookpoints: z.array(z.string()),
  textSourceId: z.string(),
  textLocation: z.string(),
});

/** Throws AppError `not_found` when there is no such run. */
export async function loadRun(db: Pool | PoolClient, runId: string | bigint): Promise<RunFacts> {
  const { rows } = await db.query(
    `SELECT r.id::text, r.config, r.results, m.id::text AS "modelId", m.location AS "modelLocation",
            c.id::text AS "coderId", c.location AS "coderLocation", c.width AS "coderWidth", c.input_hookpoints AS "coderHookpoints",
            t.id::text AS "textSourceId", t.location AS "textLocation"
       FROM runs r JOIN models m ON m.id = r.model_id JOIN sparse_coders c ON c.id = r.coder_id JOIN text_sources t ON t.id = r.text_source_id
      WHERE r.id = $1`,
    [String(runId)],
  );
  if (rows.length === 0) throw new AppError('not_found', `There is no run ${runId}.`);
  const row = rowSchema.parse(rows[0]);
  return { ...row, id: BigInt(row.id), modelId: BigInt(row.modelId), coderId: BigInt(row.coderId), textSourceId: BigInt(row.textSourceId) };
}

/** Adds facts to `runs.results`; earlier ones stay. */
export async function addResults(client: PoolClient, runId: bigint, facts: Record<string, unknown>): Promise<void> {
  await client.query('UPDATE runs SET results = results || $2::jsonb WHERE id = $1', [String(runId), JSON.stringify(facts)]);
}

/** Appends to the run's log. */
export async function logEvent(
  db: Pool | PoolClient,
  runId: bigint,
  event: { level: 'info' | 'warn' | 'error'; stage: string | null; event: string; data?: Record<string, unknown> },
): Promise<void> {
  await db.query('INSERT INTO run_events (run_id, level, stage, event, data) VALUES ($1, $2, $3, $4, $5)', [
    String(runId),
    event.level,
    event.stage,
    event.event,
    JSON.stringify(event.data ?? {}),
  ]);
}

/** Throws AppError `internal` naming the fact that an earlier stage should have left. */
export function requireFact<K extends keyof RunResults>(run: RunFacts, name: K & string): NonNullable<RunResults[K]> {
  const value = run.results[name];
  if (value === undefined || value === null) throw new AppError('internal', `Run ${run.id} has no ${name}; its earlier stage has not finished.`);
  return value;
}
