import type { CallFailure } from './call-failure.ts';

/** Where endpoints that call themselves OpenAI-compatible differ, as far as we have met it. */
export interface Dialect {
  /** Takes `response_format` with a JSON schema. */
  schema: boolean;
  /** OpenAI's own newer models refuse `max_tokens`; most other servers know nothing else. */
  tokenLimit: 'max_tokens' | 'max_completion_tokens';
  /** Takes a temperature; some thinking models only have their own. */
  temperature: boolean;
}

export const FULL_DIALECT: Dialect = { schema: true, tokenLimit: 'max_tokens', temperature: true };

/** What servers answer that do not know a field's value: 400 and 422; OpenRouter 404 when no provider takes it. */
const REFUSALS: readonly (number | null)[] = [400, 404, 422];

/**
 * The dialect to try next after a refusal, without what the endpoint blamed, else without the schema; null when there
 * is nothing left to do without. Each step gives up one thing, so that at most three follow one another.
 */
export function simplerDialect(dialect: Dialect, failure: CallFailure, sentSchema: boolean): Dialect | null {
  if (!REFUSALS.includes(failure.status)) return null;
  if (failure.param === 'max_tokens' && dialect.tokenLimit === 'max_tokens') return { ...dialect, tokenLimit: 'max_completion_tokens' };
  if (failure.param === 'temperature' && dialect.temperature) return { ...dialect, temperature: false };
  return sentSchema && dialect.schema ? { ...dialect, schema: false } : null;
}
