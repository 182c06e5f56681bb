import type { CallFailure } from './call-failure.ts';

/** Where endpoints that call themselves OpenAI-compatible differ, as far as we have met it. */
export interface Dialect {
  /** Takes `response_format` with a JSON schema. */
  schema: boolean;
  /** OpenAI's own newer models refuse `max_tokens`; most other servers know nothing else. */
  tokenLimit: 'max_tokens' | 'max_completion_tokens';
  /** Takes a temperature; some thinking models only have their own. */
  temperature: boolean;
  /** Takes `logprobs` and `top_logprobs`. */
  logprobs: boolean;
  /** Takes a seed. */
  seed: boolean;
}

export const FULL_DIALECT: Dialect = { schema: true, tokenLimit: 'max_tokens', temperature: true, logprobs: true, seed: true };

/** What servers answer that do not know a field's value: 400 and 422; OpenRouter 404 when no provider takes it. */
const REFUSALS: readonly (number | null)[] = [400, 404, 422];

/** What a request asks for beyond words: only that can be done without. */
export interface Asked {
  schema: boolean;
  logprobs: boolean;
  seed: boolean;
}

/**
 * The dialect to try next after a refusal, without what the endpoint blamed, else without the schema, then the seed,
 * then the log-probabilities; null when there is nothing left to do without. Each step gives up one thing, so that at
 * most five follow one another.
 */
export function simplerDialect(dialect: Dialect, failure: CallFailure, asked: Asked): Dialect | null {
  if (!REFUSALS.includes(failure.status)) return null;
  // A model that is not there is no matter of dialect.
  if (failure.code === 'model_not_found') return null;
  const blamed = failure.param ?? named(failure.detail);
  if (blamed === 'max_tokens' && dialect.tokenLimit === 'max_tokens') return { ...dialect, tokenLimit: 'max_completion_tokens' };
  if (blamed === 'temperature' && dialect.temperature) return { ...dialect, temperature: false };
  if (blamed?.includes('logprobs') && asked.logprobs && dialect.logprobs) return { ...dialect, logprobs: false };
  if (blamed === 'seed' && asked.seed && dialect.seed) return { ...dialect, seed: false };
  if (asked.schema && dialect.schema) return { ...dialect, schema: false };
  if (asked.seed && dialect.seed) return { ...dialect, seed: false };
  return asked.logprobs && dialect.logprobs ? { ...dialect, logprobs: false } : null;
}

/** What is known of an endpoint that understood `used`. */
export function learnt(known: Dialect, used: Dialect): Dialect {
  return {
    schema: known.schema && used.schema,
    tokenLimit: used.tokenLimit === 'max_completion_tokens' ? used.tokenLimit : known.tokenLimit,
    temperature: known.temperature && used.temperature,
    logprobs: known.logprobs && used.logprobs,
    seed: known.seed && used.seed,
  };
}

/** Many servers name the field only in their sentence, in quotes or as a word of its own. */
function named(detail: string): string | null {
  return /\b(top_logprobs|logprobs|temperature|max_tokens|seed)\b/.exec(detail)?.[1] ?? null;
}
