import { z } from 'zod';
import { PRICES, type Price, type PriceEntry } from './prices.ts';

const dollars = z.number().min(0).max(10_000);

/** What a file of prices holds: model name → US dollars per million tokens; `cached` is `in` where it is left out. */
export const priceFileSchema = z
  .record(z.string().min(1), z.strictObject({ in: dollars, out: dollars, cached: dollars.optional() }))
  .transform((prices) => Object.entries(prices).map(([model, price]): PriceEntry => ({ model, ...price, cached: price.cached ?? price.in })));

/** What may follow a model's name without making it another model: a release date or `-latest`. */
const SAME_MODEL = /^(-latest|-\d{8}|-\d{4}-\d{2}-\d{2}|@\d{8})?$/;

/**
 * The price of a model, or null when it is not known: a cost that is not known is never 0. Names are compared without
 * their owner (`openai/gpt-4.1` is `gpt-4.1`), in lower case, with `4-5` read as `4.5`. Earlier entries go before later
 * ones, and one that names the model in full, owner and all, before both.
 *
 * @example priceOf('claude-haiku-4-5-20251001', PRICES) // { in: 1, cached: 0.1, out: 5 }
 */
export function priceOf(model: string, prices: readonly PriceEntry[]): Price | null {
  const exact = prices.find((entry) => entry.model === model);
  const found = exact ?? prices.find((entry) => isModel(plain(model), plain(entry.model)));
  return found === undefined ? null : { in: found.in, cached: found.cached, out: found.out };
}

function isModel(name: string, known: string): boolean {
  return name.startsWith(known) && SAME_MODEL.test(name.slice(known.length));
}

function plain(model: string): string {
  return (model.toLowerCase().split('/').at(-1) as string).replace(/(?<=-\d)-(?=\d(?!\d))/g, '.');
}

/** The instance's own prices, which go before the built-in ones. */
export interface PriceTable {
  own: readonly PriceEntry[];
}

/** Hosts of one's own: what runs there is called like a hosted model and is not paid for by the token. */
const OWN_HOST = /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[?::1|[^.]+(:\d+)?$)|\.(local|internal)(:\d+)?$/;

/**
 * What a model costs at an endpoint; null when it is not known. `local` is this machine and costs nothing; elsewhere the
 * instance's own prices go first, and the built-in ones are for public hosts only.
 *
 * @param endpoint host, with or without a path, as `ChatClient.endpoint` has it
 */
export function priceAt(endpoint: string, model: string, { own }: PriceTable): Price | null {
  if (endpoint === 'local') return { in: 0, cached: 0, out: 0 };
  return priceOf(model, own) ?? (OWN_HOST.test(endpoint.split('/')[0]!) ? null : priceOf(model, PRICES));
}

/** Tokens of a call or of many; `cached` is a part of `in`. */
export interface TokenCounts {
  in: number;
  cached: number;
  out: number;
}

/**
 * US dollars: cached input at its own price, the rest of the input and the output at theirs.
 *
 * @example costOf({ in: 1, cached: 0.1, out: 5 }, { in: 1000, cached: 800, out: 100 }) // 0.00078
 */
export function costOf(price: Price, tokens: TokenCounts): number {
  const cached = Math.min(tokens.cached, tokens.in);
  return ((tokens.in - cached) * price.in + cached * price.cached + tokens.out * price.out) / 1e6;
}
