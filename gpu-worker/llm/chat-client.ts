import { z } from 'zod';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';

export interface ChatRequest {
  messages: readonly ChatMessage[];
  /** Longest answer, in the model's tokens. */
  maxTokens: number;
  temperature: number;
  /**
   * The form of the answer: sent as a JSON schema where the endpoint takes one. The answer is still text and must be
   * parsed, whether or not the endpoint held it to the schema.
   */
  schema?: { name: string; schema: z.ZodType };
  /** Asks for the answer tokens' log-probabilities, with the `top` likeliest (0–20) at each place; not every endpoint has them. */
  logprobs?: { top: number };
  /** For the endpoint's draws, where it takes one; most hosted ones promise nothing for it. */
  seed?: number;
  /** What the call is for, a stable word such as `explain` or `score.fuzz`: calls and money are summed by it. */
  purpose?: string;
  /**
   * `bypass` asks the endpoint even when the answer is stored, and stores nothing under the request's hash: for
   * `atlas rerun` and for the question whether the endpoint answers at all. By default stored answers are used.
   */
  cache?: 'use' | 'bypass';
  /** Raised by a caller who could not use the answer and asks the very same again: another request for the cache. Default 0. */
  attempt?: number;
  signal?: AbortSignal;
}

/** One token of an answer or a prompt, with what else could have stood there. */
export interface TokenLogprob {
  token: string;
  /** Natural logarithm of the probability; −Infinity and what endpoints write for it come as −9999. */
  logprob: number;
  /** Likeliest first; empty when none were asked for. */
  top: { token: string; logprob: number }[];
}

export interface ChatReply {
  /** Empty when the model gave none: a refusal, or all tokens spent on thinking. */
  text: string;
  /** As the endpoint counts them; null where it does not say. `tokensIn` counts the cached ones too. */
  tokensIn: number | null;
  tokensOut: number | null;
  /** Of `tokensIn`, those the provider read from its prefix cache; null where it does not say. */
  tokensCached: number | null;
  /** From the first attempt to the answer, waits between attempts included, waiting for a free slot not. */
  durationMs: number;
  /** `stop`, `length` (cut off at `maxTokens`) or another word of the endpoint; null where it gives none. */
  finishReason: string | null;
  /** Whether the endpoint was given the schema. */
  structured: boolean;
  /** What was asked for; null when the endpoint only takes its own. */
  temperature: number | null;
  /** Of the answer's tokens in order; null when not asked for, or when the endpoint gives none. */
  logprobs: TokenLogprob[] | null;
  /** US dollars that the answer cost when it was made; null where no price is known, never 0 for want of one. */
  cost: number | null;
  /** Whether it was paid for before: then nothing was spent now. */
  fromCache: boolean;
  /** SHA-256 of everything that determines the request, hex; null outside a run's recorded calls. */
  requestHash: string | null;
  /** Where the raw prompt and answer lie in the artifact storage; null outside a run's recorded calls. */
  rawKey: string | null;
}

/** A token with its log-probability as it is kept. */
export const tokenLogprobSchema = z.object({
  token: z.string(),
  logprob: z.number(),
  top: z.array(z.object({ token: z.string(), logprob: z.number() })),
});

/** The fields of a reply that a bare endpoint knows nothing of. */
export const UNRECORDED = { cost: null, fromCache: false, requestHash: null, rawKey: null } as const;

/** A language model that answers a conversation. */
export interface ChatClient {
  readonly model: string;
  /** Host of the endpoint, without path and credentials. */
  readonly endpoint: string;
  /** Calls it makes at once; more wait their turn, so callers keep at least this many under way. */
  readonly slots: number;
  /**
   * Throws AppError `upstream_failed` when no answer can be had; `retryable` says whether later may help, and `field`
   * names the setting at fault when no call can succeed before it is changed. Throws `budget_spent` when the run may
   * not spend what the call can cost. Rejects with the signal's reason when that aborts.
   */
  chat(request: ChatRequest): Promise<ChatReply>;
}
