import { isAppError } from '#lib/errors/app-error.ts';
import { inFlight } from './in-flight.ts';
import { withBreaker } from './breaker.ts';
import type { ChatClient } from './chat-client.ts';

/**
 * Works on the items of a batch, as many at once as the client makes calls. Items that the endpoint failed are worked
 * on once more when it answers a trivial question by then; so what still fails is the items' own doing, and an
 * endpoint that is down fails the batch, to be done again later, and not its items one by one. Once the run's budget is
 * spent nothing is worked on again: what was paid for before is still answered from the store.
 *
 * @param work does one item with the client given; resolves also when the endpoint failed it
 * @param endpointFailed whether a result is such a failure
 * @returns results in the items' order
 * @throws what `ChatClient.chat` throws for the trivial question, and whatever `work` throws
 */
export async function answeringBatch<Item, Result>(
  chat: ChatClient,
  items: readonly Item[],
  work: (chat: ChatClient, item: Item) => Promise<Result>,
  endpointFailed: (result: Result) => boolean,
  signal: AbortSignal,
): Promise<Result[]> {
  let spent = false;
  const first = withBreaker({
    ...{ model: chat.model, endpoint: chat.endpoint, slots: chat.slots },
    chat: (request) =>
      chat.chat(request).catch((error: unknown) => {
        spent ||= isAppError(error) && error.code === 'budget_spent';
        throw error;
      }),
  });
  const results = await inFlight(items, chat.slots, (item) => work(first, item));
  const failed = results.flatMap((result, i) => (endpointFailed(result) ? [i] : []));
  if (failed.length === 0 || spent) return results;
  await chat.chat({
    messages: [{ role: 'user', content: 'Answer with the one word: yes' }],
    maxTokens: 16,
    temperature: 0,
    purpose: 'probe',
    // What it answered an hour ago does not say that it answers now.
    cache: 'bypass',
    signal,
  });
  const second = withBreaker(chat);
  const again = await inFlight(failed, chat.slots, (i) => work(second, items[i] as Item));
  for (const [j, i] of failed.entries()) results[i] = again[j] as Result;
  return results;
}
