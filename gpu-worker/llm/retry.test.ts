import { describe, expect, it } from 'vitest';
import { LONGEST_WAIT_MS, retryWait, sleep } from './retry.ts';

const NOW = Date.parse('2025-03-04T05:06:07Z');
const wait = (attempt: number, headers: Record<string, string> = {}, random = 0) => retryWait(attempt, new Headers(headers), random, NOW);

describe('retryWait', () => {
  it('doubles from half a second, less up to a quarter', () => {
    expect([1, 2, 3, 4, 5].map((attempt) => wait(attempt))).toEqual([500, 1000, 2000, 4000, 8000]);
    expect(wait(1, {}, 1)).toBe(375);
    expect(retryWait(1, undefined, 0, NOW)).toBe(500);
  });

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Tue, 04 Mar 2025 05:06:37 GMT' }, 30_000],
    [{ 'retry-after': 'Tue, 04 Mar 2025 05:06:00 GMT' }, 0],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'soon' }, 500],
    [{ 'retry-after': '-3' }, 500],
  ])('does as %j says: %i ms', (headers, ms) => {
    expect(wait(1, headers as Record<string, string>)).toBe(ms);
  });

  it('does not wait for hours in a job', () => {
    expect(wait(1, { 'retry-after': '3600' })).toBeNull();
    expect(wait(1, { 'retry-after': String(LONGEST_WAIT_MS / 1000) })).toBe(LONGEST_WAIT_MS);
  });
});

describe('sleep', () => {
  it('wakes with the signal’s reason', async () => {
    const stop = new AbortController();
    const asleep = sleep(60_000, stop.signal);
    stop.abort(new Error('stopped'));
    await expect(asleep).rejects.toThrow('stopped');
    await expect(sleep(60_000, stop.signal)).rejects.toThrow('stopped');
  });
});
