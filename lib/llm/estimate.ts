import { z } from 'zod';

const lineSchema = z.object({
  /** As calls are summed: `explain.default`, `score.fuzzing`. */
  purpose: z.string(),
  calls: z.number(),
  tokensIn: z.number(),
  /** Of them, those that a provider's prefix cache is likely to give. */
  tokensCached: z.number(),
  tokensOut: z.number(),
  /** US dollars; null where the model's price is not known. */
  usd: z.number().nullable(),
});
export type EstimateLine = z.infer<typeof lineSchema>;

/** What a run is likely to take of a language model, before it is started. */
export const runEstimateSchema = z.object({
  model: z.string().nullable(),
  /** Latents that are likely to be explained. */
  latents: z.number(),
  total: lineSchema.omit({ purpose: true }),
  byPurpose: z.array(lineSchema),
  /** Of the calls alone; null where nothing says how long one takes. */
  seconds: z.number().nullable(),
  /** What the figures rest on, and what they leave out, in sentences. */
  basis: z.array(z.string()),
  /** What the run's budget would do, in a sentence; null without one, or where it suffices. */
  warning: z.string().nullable(),
});
export type RunEstimate = z.infer<typeof runEstimateSchema>;

export function sumLines(lines: readonly EstimateLine[]): RunEstimate['total'] {
  const sum = (of: (line: EstimateLine) => number): number => lines.reduce((total, line) => total + of(line), 0);
  return {
    calls: sum(({ calls }) => calls),
    tokensIn: sum(({ tokensIn }) => tokensIn),
    tokensCached: sum(({ tokensCached }) => tokensCached),
    tokensOut: sum(({ tokensOut }) => tokensOut),
    usd: lines.some(({ usd }) => usd === null) ? null : sum(({ usd }) => usd ?? 0),
  };
}

/**
 * Seconds that calls take: by the slots and the time of one call, and no faster than the limits per minute allow. Null
 * where neither is known.
 *
 * @param callMs time of one call; null: never measured
 */
export function secondsFor(
  { calls, tokensIn, tokensOut }: Pick<EstimateLine, 'calls' | 'tokensIn' | 'tokensOut'>,
  {
    callMs,
    slots,
    requestsPerMinute,
    tokensPerMinute,
  }: { callMs: number | null; slots: number; requestsPerMinute: number | null; tokensPerMinute: number | null },
): number | null {
  const bounds = [
    ...(callMs === null ? [] : [(calls * callMs) / 1000 / slots]),
    ...(requestsPerMinute === null ? [] : [(60 * calls) / requestsPerMinute]),
    ...(tokensPerMinute === null ? [] : [(60 * (tokensIn + tokensOut)) / tokensPerMinute]),
  ];
  return bounds.length === 0 ? null : Math.max(...bounds);
}

/** What a budget would do to a run of that size; null where it suffices or there is none. */
export function budgetWarning(
  { usd, tokensIn, tokensOut }: RunEstimate['total'],
  budget: { usd?: number | undefined; tokens?: number | undefined } | undefined,
): string | null {
  if (budget?.tokens !== undefined && tokensIn + tokensOut > budget.tokens)
    return `The run is likely to stop at its budget of ${budget.tokens.toLocaleString('en')} tokens, after ${share(budget.tokens, tokensIn + tokensOut)} of its calls.`;
  if (budget?.usd !== undefined && usd === null)
    return 'The run has a budget in dollars, and the price of its model is not known: it would be refused. Give the price in LLM_PRICES, or cap tokens.';
  if (budget?.usd !== undefined && usd !== null && usd > budget.usd)
    return `The run is likely to stop at its budget of $${budget.usd}, after ${share(budget.usd, usd)} of its calls.`;
  return null;
}

const share = (of: number, all: number): string => `${Math.floor((100 * of) / all)} %`;
