import { describe, expect, it } from 'vitest';
import { costOf, priceAt, priceFileSchema, priceOf } from './price-of.ts';
import { PRICES } from './prices.ts';

describe('priceOf', () => {
  it.each([
    ['gpt-4.1-mini', 'gpt-4.1-mini'],
    ['openai/gpt-4.1-mini', 'gpt-4.1-mini'],
    ['gpt-4o-mini-2024-07-18', 'gpt-4o-mini'],
    ['gpt-5', 'gpt-5'],
    ['claude-haiku-4-5-20251001', 'claude-haiku-4.5'],
    ['anthropic/claude-haiku-4.5', 'claude-haiku-4.5'],
    ['claude-sonnet-4-20250514', 'claude-sonnet-4'],
    ['claude-3-5-sonnet-latest', 'claude-3.5-sonnet'],
    ['Meta-Llama/Llama-3.1-70B-Instruct', 'llama-3.1-70b-instruct'],
  ])('finds %s', (name, listed) => {
    const { model: _, ...price } = PRICES.find(({ model }) => model === listed)!;
    expect(priceOf(name, PRICES)).toEqual(price);
  });

  it.each(['gpt-5-pro', 'gpt-4', 'claude-opus-9', 'qwen2.5:7b', 'gpt-4.1-mini-audio', ''])('knows no price of %s', (name) => {
    expect(priceOf(name, PRICES)).toBeNull();
  });

  it('takes a file’s price before its own, and the full name before the short one', () => {
    const own = priceFileSchema.parse({ 'gpt-4.1': { in: 1, out: 2 }, 'me/gpt-4.1': { in: 0, out: 0 } });
    expect(priceOf('gpt-4.1', [...own, ...PRICES])).toEqual({ in: 1, cached: 1, out: 2 });
    expect(priceOf('me/gpt-4.1', [...own, ...PRICES])).toEqual({ in: 0, cached: 0, out: 0 });
  });

  it('refuses a file with prices that are none', () => {
    expect(priceFileSchema.safeParse({ x: { in: -1, out: 2 } }).success).toBe(false);
    expect(priceFileSchema.safeParse({ x: { in: 1 } }).success).toBe(false);
    expect(priceFileSchema.safeParse({ x: { in: 1, out: 2, per: 'call' } }).success).toBe(false);
  });

  it('lists every model once, with a cached price no higher than the input’s', () => {
    expect(new Set(PRICES.map(({ model }) => model)).size).toBe(PRICES.length);
    expect(PRICES.filter(({ in: input, cached }) => cached > input)).toEqual([]);
  });
});

// The paper's own sums (Paulo et al. 2024, Table 1): fuzzing 19.6k tokens in and 249 out.
it('agrees with the paper’s Table 1', () => {
  const tokens = { in: 19_600, cached: 0, out: 249 };
  expect(100_000 * costOf(priceOf('llama-3.1-70b-instruct', PRICES)!, tokens)).toBeCloseTo(675, 0);
  expect(100_000 * costOf(priceOf('claude-3-5-sonnet-20241022', PRICES)!, tokens)).toBeCloseTo(6253.5, 1);
});

describe('priceAt', () => {
  const own = [{ model: 'llama-3.1-70b-instruct', in: 0.05, cached: 0.05, out: 0.05 }];
  it.each([
    ['api.openai.com', 'gpt-4.1', 2],
    ['openrouter.ai', 'meta-llama/llama-3.1-70b-instruct', 0.34],
    ['local', 'whatever', 0],
  ])('%s asks %s at %d', (endpoint, model, price) => {
    expect(priceAt(endpoint, model, { own: [] })?.in).toBe(price);
  });
  it.each(['localhost:8000', '127.0.0.1:11434', '10.1.2.3', '192.168.0.9:80', 'vllm:8000', 'gpu.internal', 'gate.internal:80/team-a/v1'])(
    '%s has no price but its owner’s',
    (endpoint) => {
      expect(priceAt(endpoint, 'llama-3.1-70b-instruct', { own: [] })).toBeNull();
      expect(priceAt(endpoint, 'llama-3.1-70b-instruct', { own })?.in).toBe(0.05);
    },
  );
});
