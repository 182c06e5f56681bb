import type { ChatReply, TokenLogprob } from './chat-client.ts';

/** A prompt's token as the endpoint cut it; the first has no probability, as nothing stands before it. */
export interface PromptToken {
  token: string;
  /** Natural logarithm of the probability given all tokens before it; null for the first. */
  logprob: number | null;
  /** What else could have stood there, likeliest first; empty when none were asked for or the endpoint gives none. */
  top: TokenLogprob['top'];
}

/** A prompt that was read; what it took and how it was recorded is as in `ChatReply`. */
export interface PromptLogprobs extends Pick<
  ChatReply,
  'tokensIn' | 'tokensOut' | 'tokensCached' | 'durationMs' | 'cost' | 'fromCache' | 'requestHash' | 'rawKey'
> {
  /** Their texts joined are the prompt, but for a begin-of-text token that some endpoints put first. */
  tokens: PromptToken[];
}

export interface CompletionCapabilities {
  /** Whether `promptLogprobs` can be had at all. */
  promptLogprobs: boolean;
  /** Most alternatives it gives at each place of a prompt; 0: only the token that stands there. */
  maxTop: number;
}

export interface ReadOptions {
  /** Alternatives at each place, at most `capabilities().maxTop`. */
  top?: number;
  /**
   * Where what is looked at begins: all tokens before the one in which the last occurrence of this text begins are given as
   * one, without probabilities. A worked example of thousands of tokens is read, but neither returned nor kept.
   */
  since?: string;
  /** As `ChatRequest.purpose` and `.cache`; only recorded calls heed them. */
  purpose?: string;
  cache?: 'use' | 'bypass';
  signal?: AbortSignal;
}

/** A language model read, not asked: how likely each token of a given text is. Needed by simulation and surprisal. */
export interface CompletionClient {
  readonly model: string;
  readonly endpoint: string;
  /** Calls it makes at once. */
  readonly slots: number;
  /** Prompts that one call reads: one over the network, several where the model runs here. */
  readonly together: number;
  /** Found out by one small call and remembered. Throws what `promptLogprobs` throws when the endpoint does not answer. */
  capabilities(signal?: AbortSignal): Promise<CompletionCapabilities>;
  /**
   * Every prompt's tokens with their log-probabilities, in the prompts' order. Prompts that begin alike should be given
   * together: a prefix is computed once where the model runs here, and found in the server's own cache elsewhere.
   *
   * @throws AppError `unsupported` where the endpoint gives no log-probabilities of prompts, else as `ChatClient.chat`
   */
  promptLogprobs(prompts: readonly string[], options?: ReadOptions): Promise<PromptLogprobs[]>;
}

/**
 * A prompt's tokens as `ReadOptions.since` asks for them; all of them where the text does not occur.
 *
 * @example tokensSince(['a', 'b\nX', ' y'].map(bare), '\nX') // 'a' without probability, then the other two
 */
export function tokensSince(tokens: PromptToken[], since: string | undefined): PromptToken[] {
  if (since === undefined) return tokens;
  const from = tokens
    .map(({ token }) => token)
    .join('')
    .lastIndexOf(since);
  if (from < 0) return tokens;
  let end = 0;
  const first = tokens.findIndex(({ token }) => (end += token.length) > from);
  if (first <= 0) return tokens;
  const before = tokens
    .slice(0, first)
    .map(({ token }) => token)
    .join('');
  return [{ token: before, logprob: null, top: [] }, ...tokens.slice(first)];
}
