import type { TokenLogprob } from './chat-client.ts';

/** A prompt's token as the endpoint cut it; the first has no probability, as nothing stands before it. */
export interface PromptToken {
  token: string;
  /** Natural logarithm of the probability given all tokens before it; null for the first. */
  logprob: number | null;
  /** What else could have stood there, likeliest first; empty when none were asked for or the endpoint gives none. */
  top: TokenLogprob['top'];
}

export interface PromptLogprobs {
  /** Their texts joined are the prompt, but for a begin-of-text token that some endpoints put first. */
  tokens: PromptToken[];
  tokensIn: number | null;
  durationMs: number;
}

export interface CompletionCapabilities {
  /** Whether `promptLogprobs` can be had at all. */
  promptLogprobs: boolean;
  /** Most alternatives it gives at each place of a prompt; 0: only the token that stands there. */
  maxTop: number;
}

/** A language model read, not asked: how likely each token of a given text is. Needed by simulation and surprisal. */
export interface CompletionClient {
  readonly model: string;
  readonly endpoint: string;
  /** Calls it makes at once. */
  readonly slots: number;
  /** Found out by one small call and remembered. Throws what `promptLogprobs` throws when the endpoint does not answer. */
  capabilities(signal?: AbortSignal): Promise<CompletionCapabilities>;
  /**
   * Every prompt's tokens with their log-probabilities, in the prompts' order. Prompts that begin alike should be given
   * together: a prefix is computed once where the model runs here, and found in the server's own cache elsewhere.
   *
   * @param options `top` alternatives at each place, at most `capabilities().maxTop`
   * @throws AppError `unsupported` where the endpoint gives no log-probabilities of prompts, else as `ChatClient.chat`
   */
  promptLogprobs(prompts: readonly string[], options?: { top?: number; signal?: AbortSignal }): Promise<PromptLogprobs[]>;
}
