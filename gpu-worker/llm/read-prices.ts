import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { priceFileSchema, type PriceTable } from '#lib/llm/price-of.ts';

/**
 * The instance's own prices from what `LLM_PRICES` says: the path of a JSON or YAML file, or the JSON itself.
 *
 * Throws AppError `invalid_config` for what cannot be read or holds no prices.
 */
export function readPrices(setting: string | null): PriceTable {
  if (setting === null) return { own: [] };
  let content: unknown;
  try {
    // YAML holds JSON.
    content = parse(setting.trimStart().startsWith('{') ? setting : readFileSync(setting, 'utf8'));
  } catch (cause) {
    throw new AppError('invalid_config', `LLM_PRICES cannot be read: ${errorMessage(cause)}`, { field: 'LLM_PRICES', cause });
  }
  const prices = priceFileSchema.safeParse(content);
  if (prices.success) return { own: prices.data };
  const [issue] = prices.error.issues;
  throw new AppError(
    'invalid_config',
    `LLM_PRICES: ${issue?.path.join('.') || 'the file'} ${issue?.message}; it holds, by model, dollars per million tokens: {"my-model": {"in": 1, "out": 2}}.`,
    { field: 'LLM_PRICES' },
  );
}
