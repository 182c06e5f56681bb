import { expect, it } from 'vitest';
import { holdAskedFor } from './rate-headers.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const hold = (headers: Record<string, string>, tokens = 1000): number => holdAskedFor(new Headers(headers), tokens, NOW);

it.each([
  ['nothing', {}, 0],
  ['enough left', { 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '1s' }, 0],
  ['no request left', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1s' }, 1000],
  ['minutes and milliseconds', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }, 360_000],
  ['milliseconds', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '120ms' }, 120],
  [
    'one of sixty requests in a minute',
    { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m0s' },
    1000,
  ],
  ['half of the tokens needed', { 'x-ratelimit-limit-tokens': '10500', 'x-ratelimit-remaining-tokens': '500', 'x-ratelimit-reset-tokens': '10s' }, 500],
  ['a call larger than the limit', { 'x-ratelimit-limit-tokens': '800', 'x-ratelimit-remaining-tokens': '100', 'x-ratelimit-reset-tokens': '10s' }, 10_000],
  ['epoch milliseconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW + 4000) }, 4000],
  ['epoch seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOW / 1000 + 4) }, 4000],
  ['seconds from now', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '7' }, 7000],
  ['a time', { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-11-22T12:00:03Z' }, 3000],
  [
    'the fewest tokens of three kinds',
    {
      'anthropic-ratelimit-tokens-remaining': '50000',
      'anthropic-ratelimit-tokens-reset': '2026-11-22T12:00:01Z',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2026-11-22T12:00:09Z',
    },
    9000,
  ],
  ['a time that is over', { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-11-22T11:00:00Z' }, 0],
  ['nonsense', { 'x-ratelimit-remaining-requests': 'many', 'x-ratelimit-reset-requests': 'soon' }, 0],
  ['an empty figure', { 'x-ratelimit-remaining-requests': '', 'x-ratelimit-reset-requests': '1s' }, 0],
])('%s', (_, headers, expected) => {
  expect(hold(headers)).toBeCloseTo(expected, 6);
});
