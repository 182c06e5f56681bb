import type { z } from 'zod';
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
  signal?: AbortSignal;
}

export interface ChatReply {
  /** Empty when the model gave none: a refusal, or all tokens spent on thinking. */
  text: string;
  /** As the endpoint counts them; null where it does not say. */
  tokensIn: number | null;
  tokensOut: number | null;
  /** From the first attempt to the answer, waits between attempts included, waiting for a free slot not. */
  durationMs: number;
  /** `stop`, `length` (cut off at `maxTokens`) or another word of the endpoint; null where it gives none. */
  finishReason: string | null;
  /** Whether the endpoint was given the schema. */
  structured: boolean;
  /** What was asked for; null when the endpoint only takes its own. */
  temperature: number | null;
}

/** A language model that answers a conversation. */
export interface ChatClient {
  readonly model: string;
  /** Host of the endpoint, without path and credentials. */
  readonly endpoint: string;
  /** Calls it makes at once; more wait their turn, so callers keep at least this many under way. */
  readonly slots: number;
  /**
   * Throws AppError `upstream_failed` when no answer can be had; `retryable` says whether later may help, and `field`
   * names the setting at fault when no call can succeed before it is changed. Rejects with the signal's reason when
   * that aborts.
   */
  chat(request: ChatRequest): Promise<ChatReply>;
}
