import { AppError } from '#lib/errors/app-error.ts';
import { costOf } from '#lib/llm/price-of.ts';
import type { Price } from '#lib/llm/prices.ts';
import type { ChatClient, ChatReply, ChatRequest } from './chat-client.ts';
import { requestHash, requestText } from './request-hash.ts';
import type { BudgetCaps } from './requests/claims.ts';
import type { RequestStore } from './requests/request-store.ts';
import { sleep as realSleep, type Sleep } from './retry.ts';
import { charactersOf, guessTokens } from './token-guess.ts';

export interface RecordedChatOptions {
  chat: ChatClient;
  store: RequestStore;
  /** Null: outside a run; then nothing is counted. */
  runId: string | null;
  /** Null: the run may spend what it takes. */
  caps: BudgetCaps | null;
  /** Null: not known, and then no cost is either. */
  price: Price | null;
  /** Hears of each call that the budget did not allow, and may keep the first. */
  onSpent?: (error: AppError) => Promise<void>;
  sleep?: Sleep;
}

/** How often a request that somebody else makes is looked at again. */
const BUSY_MS = 200;

/**
 * The same model, every call of which is claimed, costed and kept: a request that was answered before is answered from
 * the store, one that another worker makes is waited for, and one beyond the run's budget is not made. Callers should
 * keep twice the endpoint's slots under way, since a call is in the database's hands before and after it is in the
 * endpoint's.
 */
export function recordedChat({ chat, store, runId, caps, price, onSpent, sleep = realSleep }: RecordedChatOptions): ChatClient {
  const costOfReply = ({ tokensIn, tokensOut, tokensCached }: ChatReply): number | null =>
    price === null || tokensIn === null || tokensOut === null ? null : costOf(price, { in: tokensIn, cached: tokensCached ?? 0, out: tokensOut });

  async function make(request: ChatRequest, text: string, hash: string, fence: number | null): Promise<ChatReply> {
    const purpose = request.purpose ?? 'other';
    let reply: ChatReply;
    try {
      reply = await chat.chat(request);
    } catch (error) {
      if (fence !== null) await store.release(hash, fence);
      throw error;
    }
    const cost = costOfReply(reply);
    const { text: answer, tokensIn, tokensOut, tokensCached, durationMs, finishReason, structured, temperature, logprobs } = reply;
    const kept = { text: answer, tokensIn, tokensOut, tokensCached, durationMs, finishReason, structured, temperature, logprobs };
    await store.store({
      hash: fence === null ? null : hash,
      fence: fence ?? 0,
      ...{ runId, purpose, tokensIn, tokensOut, tokensCached, cost, durationMs, finishReason },
      raw: fence === null ? '' : `{"hash":"${hash}","request":${text},"reply":${JSON.stringify(kept)}}\n`,
    });
    return { ...reply, cost, fromCache: false, requestHash: hash, rawKey: fence === null ? null : hash };
  }

  return {
    model: chat.model,
    endpoint: chat.endpoint,
    slots: 2 * chat.slots,
    chat: (request) => store.inTurn(() => answer(request), request.signal),
  };

  async function answer(request: ChatRequest): Promise<ChatReply> {
    const text = requestText(chat, request);
    const hash = requestHash(text);
    if (request.cache === 'bypass') return make(request, text, hash, null);
    const tokens = guessTokens(request.messages) + request.maxTokens;
    const wanted = {
      hash,
      model: chat.model,
      endpoint: chat.endpoint,
      purpose: request.purpose ?? 'other',
      runId,
      promptCharacters: charactersOf(request.messages),
      reservedTokens: tokens,
      reservedCost: price && costOf(price, { in: tokens - request.maxTokens, cached: 0, out: request.maxTokens }),
      caps,
    };
    for (;;) {
      request.signal?.throwIfAborted();
      const claimed = await store.claim(wanted);
      switch (claimed.kind) {
        case 'claimed':
          return make(request, text, hash, claimed.fence);
        case 'answered': {
          const { reply } = await store.record(claimed.row);
          const { cost } = claimed.row;
          if (runId !== null) store.reused({ runId, purpose: wanted.purpose, calls: 1, cost: cost ?? 0 });
          return { ...reply, cost, fromCache: true, requestHash: hash, rawKey: hash };
        }
        case 'busy':
          await sleep(BUSY_MS, request.signal);
          break;
        case 'over_budget': {
          const error = budgetSpent(caps as BudgetCaps, claimed.spent);
          await onSpent?.(error);
          throw error;
        }
      }
    }
  }
}

function budgetSpent({ usd, tokens }: BudgetCaps, spent: { usd: number; tokens: number }): AppError {
  const money = usd === null ? [] : [`$${spent.usd.toFixed(4)} of $${usd}`];
  const counted = tokens === null ? [] : [`${spent.tokens.toLocaleString('en')} of ${tokens.toLocaleString('en')} tokens`];
  return new AppError(
    'budget_spent',
    `The run has spent ${[...money, ...counted].join(' and ')}, and the next call could go beyond its budget. All answers paid for are kept: raise budget and start the same run again to go on where it stopped.`,
    { field: 'budget' },
  );
}
