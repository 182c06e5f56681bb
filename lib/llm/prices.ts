/** US dollars per million tokens. */
export interface Price {
  in: number;
  /** Input read from the provider's prefix cache. */
  cached: number;
  out: number;
}

/** A price and the models it is for: those whose name, without an owner before a slash, is `model`, or goes on from it with a date or `-latest`. */
export interface PriceEntry extends Price {
  model: string;
}

/**
 * Public list prices for short prompts at the standard tier, taken on 22 November 2026:
 * Anthropic from platform.claude.com/docs/en/about-claude/pricing; OpenAI from developers.openai.com/api/docs/pricing
 * (GPT-6 as announced on 22 September 2026); Google from ai.google.dev/pricing by way of GitHub's models table; Llama
 * 3.1 70B is what the paper paid (Paulo et al. 2024, §3.2: $0.34 in and out). Writing to Anthropic's cache costs 1.25
 * times the input price and is counted as input. They change: `LLM_PRICES` names a file that goes before this table.
 */
export const PRICES: readonly PriceEntry[] = [
  { model: 'claude-fable-5.1', in: 10, cached: 0.25, out: 50 },
  { model: 'claude-fable-5', in: 10, cached: 1, out: 50 },
  { model: 'claude-opus-5.5', in: 4, cached: 0.2, out: 20 },
  { model: 'claude-opus-5', in: 5, cached: 0.5, out: 25 },
  { model: 'claude-opus-4.8', in: 5, cached: 0.5, out: 25 },
  { model: 'claude-opus-4.7', in: 5, cached: 0.5, out: 25 },
  { model: 'claude-opus-4.6', in: 5, cached: 0.5, out: 25 },
  { model: 'claude-opus-4.5', in: 5, cached: 0.5, out: 25 },
  { model: 'claude-opus-4.1', in: 15, cached: 1.5, out: 75 },
  { model: 'claude-sonnet-5.5', in: 2, cached: 0.1, out: 10 },
  { model: 'claude-sonnet-5', in: 2, cached: 0.2, out: 10 },
  { model: 'claude-sonnet-4.6', in: 3, cached: 0.3, out: 15 },
  { model: 'claude-sonnet-4.5', in: 3, cached: 0.3, out: 15 },
  { model: 'claude-sonnet-4', in: 3, cached: 0.3, out: 15 },
  { model: 'claude-3.5-sonnet', in: 3, cached: 0.3, out: 15 },
  { model: 'claude-haiku-5.5', in: 0.1, cached: 0.01, out: 0.5 },
  { model: 'claude-haiku-4.5', in: 1, cached: 0.1, out: 5 },
  { model: 'claude-3.5-haiku', in: 0.8, cached: 0.08, out: 4 },
  { model: 'gpt-6-sol', in: 2, cached: 0.2, out: 10 },
  { model: 'gpt-6-luna', in: 0.1, cached: 0.01, out: 0.5 },
  { model: 'gpt-5.6-terra', in: 2, cached: 0.2, out: 12 },
  { model: 'gpt-5.6-luna', in: 0.2, cached: 0.02, out: 1.2 },
  { model: 'gpt-5.5', in: 5, cached: 0.5, out: 30 },
  { model: 'gpt-5.4', in: 2.5, cached: 0.25, out: 15 },
  { model: 'gpt-5.4-mini', in: 0.75, cached: 0.075, out: 4.5 },
  { model: 'gpt-5.4-nano', in: 0.2, cached: 0.02, out: 1.25 },
  { model: 'gpt-5.2', in: 1.75, cached: 0.175, out: 14 },
  { model: 'gpt-5.1', in: 1.25, cached: 0.125, out: 10 },
  { model: 'gpt-5', in: 1.25, cached: 0.125, out: 10 },
  { model: 'gpt-5-mini', in: 0.25, cached: 0.025, out: 2 },
  { model: 'gpt-5-nano', in: 0.05, cached: 0.005, out: 0.4 },
  { model: 'gpt-4.1', in: 2, cached: 0.5, out: 8 },
  { model: 'gpt-4.1-mini', in: 0.4, cached: 0.1, out: 1.6 },
  { model: 'gpt-4.1-nano', in: 0.1, cached: 0.025, out: 0.4 },
  { model: 'gpt-4o', in: 2.5, cached: 1.25, out: 10 },
  { model: 'gpt-4o-mini', in: 0.15, cached: 0.075, out: 0.6 },
  { model: 'gemini-3.1-pro', in: 2, cached: 0.2, out: 12 },
  { model: 'gemini-3.5-flash', in: 1.5, cached: 0.15, out: 9 },
  { model: 'llama-3.1-70b-instruct', in: 0.34, cached: 0.34, out: 0.34 },
];
