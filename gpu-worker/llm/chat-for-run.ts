import { AppError } from '#lib/errors/app-error.ts';
import { priceAt } from '#lib/llm/price-of.ts';
import type { RunConfig } from '#lib/run/schema.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import type { ChatClient } from './chat-client.ts';
import { recordedChat } from './recorded-chat.ts';
import { requireChat } from '#gpu-worker/stages/require-chat.ts';

/**
 * The worker's language model as one run asks it: every call claimed and kept, counted for the run, and held to its
 * budget. A call that the budget does not allow throws `budget_spent`, which `answeringBatch` turns into a stop.
 *
 * Throws AppError `invalid_config` when the worker has no language model, or its price is not known and the run's budget
 * is in money.
 */
export function chatForRun(
  services: Pick<WorkerServices, 'pool' | 'chat' | 'requests' | 'prices'>,
  run: { id: bigint; config: Pick<RunConfig, 'budget'> },
): ChatClient {
  const chat = requireChat(services);
  if (services.requests === null) return chat;
  const { usd = null, tokens = null } = run.config.budget ?? {};
  const price = priceAt(chat.endpoint, chat.model, services.prices);
  if (usd !== null && price === null) {
    throw new AppError(
      'invalid_config',
      `The run has a budget in dollars and the price of ${chat.model} at ${chat.endpoint} is not known: give it in LLM_PRICES, or cap budget.tokens instead.`,
      { field: 'budget.usd' },
    );
  }
  let told = false;
  return recordedChat({
    chat,
    store: services.requests,
    runId: String(run.id),
    caps: usd === null && tokens === null ? null : { usd, tokens },
    price,
    async onSpent(error) {
      if (told) return;
      told = true;
      await services.pool.query(
        `INSERT INTO run_events (run_id, level, stage, event, data) SELECT $1, 'warn', NULL, 'budget_spent', $2
          WHERE NOT EXISTS (SELECT 1 FROM run_events WHERE run_id = $1 AND event = 'budget_spent')`,
        [String(run.id), JSON.stringify({ message: error.message })],
      );
    },
  });
}

/** The services of one run: its own client in place of the worker's; without a language model, as they were. */
export function servicesForRun<Services extends Pick<WorkerServices, 'pool' | 'chat' | 'requests' | 'prices'>>(
  services: Services,
  run: { id: bigint; config: Pick<RunConfig, 'budget'> },
): Services {
  return services.chat === null ? services : { ...services, chat: chatForRun(services, run) };
}
