import { AppError } from '#lib/errors/app-error.ts';
import { costOf } from '#lib/llm/price-of.ts';
import type { Price } from '#lib/llm/prices.ts';
import { requestHash } from './request-hash.ts';
import type { Answer } from './requests/answers.ts';
import type { BudgetCaps, Claimed } from './requests/claims.ts';
import type { RequestStore } from './requests/request-store.ts';
import { sleep as realSleep, type Sleep } from './retry.ts';

export interface RecorderOptions {
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

/** A request to a model of either kind, one that is asked or one that is read. */
export interface Recordable {
  /** Everything that determines the answer, as JSON in a fixed order. */
  text: string;
  purpose: string;
  promptCharacters: number;
  /** Guesses, rather too high, at what it can take. */
  tokensIn: number;
  tokensOut: number;
}

/** What every reply says of itself. */
export interface Counted {
  tokensIn: number | null;
  tokensOut: number | null;
  tokensCached: number | null;
  durationMs: number;
}

/** How a kind of request is made, and its reply kept. */
export interface Making<Reply extends Counted> {
  /** Makes some of the requests, named by their places, in one go; replies in that order. */
  make(places: readonly number[]): Promise<Reply[]>;
  /** What of a reply is written down, and how it is read again. */
  write(reply: Reply): unknown;
  read(kept: unknown): Reply;
  finishReason?: (reply: Reply) => string | null;
  /** Past the store: asked for sure, and nothing kept under the request's hash. */
  bypass?: boolean;
  signal?: AbortSignal;
}

/** A reply with what its recording adds. */
export interface Recorded<Reply> {
  reply: Reply;
  cost: number | null;
  fromCache: boolean;
  requestHash: string;
  rawKey: string | null;
}

/** How often a request that somebody else makes is looked at again. */
const BUSY_MS = 200;

/**
 * Claims, costs and keeps requests to one model: one that was answered before is answered from the store, one that
 * another worker makes is waited for, and one beyond the run's budget is not made (`budget_spent`).
 */
export class Recorder {
  readonly #of: { model: string; endpoint: string };
  readonly #options: RecorderOptions;

  constructor(of: { model: string; endpoint: string }, options: RecorderOptions) {
    this.#of = of;
    this.#options = options;
  }

  /**
   * Answers some requests together. What nobody has answered is made in one go, whatever others are still busy with, so that
   * two workers never wait for each other.
   *
   * @returns in the requests' order
   */
  async answer<Reply extends Counted>(requests: readonly Recordable[], making: Making<Reply>): Promise<Recorded<Reply>[]> {
    const hashes = requests.map(({ text }) => requestHash(text));
    if (making.bypass === true) {
      const places = requests.map((_, i) => i);
      return this.#make(requests, hashes, places, null, making);
    }
    const { store, sleep = realSleep } = this.#options;
    const answers = new Map<string, Recorded<Reply>>();
    for (;;) {
      making.signal?.throwIfAborted();
      // The same request twice is claimed and made once.
      const open = [...new Set(hashes)].filter((hash) => !answers.has(hash)).map((hash) => hashes.indexOf(hash));
      if (open.length === 0) break;
      const claims = await this.#claim(requests, hashes, open);
      const ours = open.filter((place) => claims.get(place)?.kind === 'claimed');
      if (ours.length > 0) {
        const fences = ours.map((place) => (claims.get(place) as Extract<Claimed, { kind: 'claimed' }>).fence);
        const made = await this.#make(requests, hashes, ours, fences, making);
        for (const [i, place] of ours.entries()) answers.set(hashes[place]!, made[i]!);
      }
      for (const place of open) {
        const claimed = claims.get(place)!;
        if (claimed.kind !== 'answered') continue;
        const { reply } = await store.record(claimed.row);
        this.#reused(requests[place]!, claimed.row.cost);
        answers.set(hashes[place]!, recorded(making.read(reply), claimed.row.cost, true, hashes[place]!));
      }
      const beyond = [...claims.values()].find((claimed) => claimed.kind === 'over_budget');
      if (beyond?.kind === 'over_budget') {
        const error = budgetSpent(this.#options.caps as BudgetCaps, beyond.spent);
        await this.#options.onSpent?.(error);
        throw error;
      }
      if (ours.length === 0 && [...claims.values()].some(({ kind }) => kind === 'busy')) await sleep(BUSY_MS, making.signal);
    }
    return hashes.map((hash, i) => {
      const answer = answers.get(hash)!;
      if (hashes.indexOf(hash) === i) return answer;
      this.#reused(requests[i]!, answer.cost);
      return { ...answer, fromCache: true };
    });
  }

  async #claim(requests: readonly Recordable[], hashes: readonly string[], places: readonly number[]): Promise<Map<number, Claimed>> {
    const { store, runId, caps, price } = this.#options;
    const claims = await Promise.allSettled(
      places.map((place) => {
        const { purpose, promptCharacters, tokensIn, tokensOut } = requests[place]!;
        return store.claim({
          ...{ hash: hashes[place]!, ...this.#of, purpose, runId, promptCharacters, caps },
          reservedTokens: tokensIn + tokensOut,
          reservedCost: price && costOf(price, { in: tokensIn, cached: 0, out: tokensOut }),
        });
      }),
    );
    const failed = claims.find((one) => one.status === 'rejected');
    if (failed) {
      const held = places.flatMap((place, i) => {
        const one = claims[i]!;
        return one.status === 'fulfilled' && one.value.kind === 'claimed' ? [{ hash: hashes[place]!, fence: one.value.fence }] : [];
      });
      await this.#release(held);
      throw failed.reason;
    }
    return new Map(claims.flatMap((one, i) => (one.status === 'fulfilled' ? [[places[i]!, one.value] as const] : [])));
  }

  /** @param fences of our claims; null: past the store */
  async #make<Reply extends Counted>(
    requests: readonly Recordable[],
    hashes: readonly string[],
    places: readonly number[],
    fences: readonly number[] | null,
    { make, write, finishReason }: Making<Reply>,
  ): Promise<Recorded<Reply>[]> {
    const { store, runId } = this.#options;
    const held = new Map((fences ?? []).map((fence, i) => [places[i]!, fence]));
    try {
      const replies = await make(places);
      return await Promise.all(
        replies.map(async (reply, i) => {
          const place = places[i]!;
          const [request, hash] = [requests[place]!, hashes[place]!];
          const cost = this.#costOf(reply);
          const { tokensIn, tokensOut, tokensCached, durationMs } = reply;
          const unsaid = tokensIn === null || tokensOut === null;
          const fence = held.get(place) ?? null;
          await store.store({
            ...{ hash: fence === null ? null : hash, fence: fence ?? 0, runId, purpose: request.purpose },
            ...{ tokensIn, tokensOut, tokensCached, cost, durationMs, finishReason: finishReason?.(reply) ?? null },
            charged: unsaid && this.#options.caps !== null ? this.#mostOf(request) : null,
            raw: fence === null ? '' : `{"hash":"${hash}","request":${request.text},"reply":${JSON.stringify(write(reply))}}\n`,
          });
          held.delete(place);
          return recorded(reply, cost, false, hash, fence === null ? null : hash);
        }),
      );
    } catch (error) {
      await this.#release([...held].map(([place, fence]) => ({ hash: hashes[place]!, fence })));
      throw error;
    }
  }

  async #release(claims: readonly { hash: string; fence: number }[]): Promise<void> {
    await Promise.all(claims.map(({ hash, fence }) => this.#options.store.release(hash, fence)));
  }

  #reused({ purpose }: Recordable, cost: number | null): void {
    const { store, runId } = this.#options;
    if (runId !== null) store.reused({ runId, purpose, calls: 1, cost: cost ?? 0 });
  }

  /** What a call counts for in a budget when the endpoint does not say what it took: else it would be spent for ever. */
  #mostOf({ tokensIn, tokensOut }: Recordable): NonNullable<Answer['charged']> {
    const { price } = this.#options;
    return { tokensIn, tokensOut, cost: price && costOf(price, { in: tokensIn, cached: 0, out: tokensOut }) };
  }

  #costOf({ tokensIn, tokensOut, tokensCached }: Counted): number | null {
    const { price } = this.#options;
    return price === null || tokensIn === null || tokensOut === null ? null : costOf(price, { in: tokensIn, cached: tokensCached ?? 0, out: tokensOut });
  }
}

function recorded<Reply>(reply: Reply, cost: number | null, fromCache: boolean, hash: string, rawKey: string | null = hash): Recorded<Reply> {
  return { reply, cost, fromCache, requestHash: hash, rawKey };
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
