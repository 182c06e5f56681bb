import { AppError } from '#lib/errors/app-error.ts';
import { priceAt } from '#lib/llm/price-of.ts';
import type { RunConfig } from '#lib/run/schema.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import type { RecorderOptions } from './recorder.ts';

/** Whose calls they are. */
export interface RunAsking {
  id: bigint;
  config: Pick<RunConfig, 'budget'>;
}

export type RecordingServices = Pick<WorkerServices, 'pool' | 'requests' | 'prices'>;

/**
 * How a run's calls to one model are recorded: counted for the run, and held to its budget, which all its models share. Null
 * where the worker keeps no requests.
 *
 * Throws AppError `invalid_config` when the run's budget is in money and the model's price is not known.
 */
export function recordingForRun(
  { pool, requests, prices }: RecordingServices,
  run: RunAsking,
  { model, endpoint }: { model: string; endpoint: string },
): RecorderOptions | null {
  if (requests === null) return null;
  const { usd = null, tokens = null } = run.config.budget ?? {};
  const price = priceAt(endpoint, model, prices);
  if (usd !== null && price === null) {
    throw new AppError(
      'invalid_config',
      `The run has a budget in dollars and the price of ${model} at ${endpoint} is not known: give it in LLM_PRICES, or cap budget.tokens instead.`,
      { field: 'budget.usd' },
    );
  }
  let told = false;
  return {
    store: requests,
    runId: String(run.id),
    caps: usd === null && tokens === null ? null : { usd, tokens },
    price,
    async onSpent(error) {
      if (told) return;
      told = true;
      await pool.query(
        `INSERT INTO run_events (run_id, level, stage, event, data) SELECT $1, 'warn', NULL, 'budget_spent', $2
          WHERE NOT EXISTS (SELECT 1 FROM run_events WHERE run_id = $1 AND event = 'budget_spent')`,
        [String(run.id), JSON.stringify({ message: error.message })],
      );
    },
  };
}
