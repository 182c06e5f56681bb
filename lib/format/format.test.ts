import { describe, expect, it } from 'vitest';
import { formatActivation, formatCompact, formatCount, formatShare, formatSigned, plural } from './number.ts';
import { formatClock, formatDay, formatDuration, formatInstant } from './time.ts';

describe('numbers', () => {
  it('groups, rounds and names', () => {
    expect(formatCount(8192)).toBe('8,192');
    expect([0, 0.004, 0.351, 9.42, 128.4].map(formatActivation)).toEqual(['0', '4e-3', '0.35', '9.4', '128']);
    expect([0, 0.0021, 0.000012, 0.000001, 0.05, 0.5].map(formatShare)).toEqual(['0 %', '0.21 %', '0.0012 %', '< 0.001 %', '5.0 %', '50 %']);
    expect([2.1, -0.8, 0.004, -0.004].map(formatSigned)).toEqual(['+2.10', '−0.80', '0.00', '0.00']);
    expect([4096, 524_288, 4_012_544, 135_000_000, 2_600_000_000].map(formatCompact)).toEqual(['4,096', '524k', '4.0M', '135M', '2.6B']);
    expect(plural(1, 'latent')).toBe('1 latent');
    expect(plural(0, 'latent')).toBe('0 latents');
  });
});

describe('times', () => {
  it('says durations as people do', () => {
    expect([0.42, 12.4, 252, 3600, 7520].map(formatDuration)).toEqual(['0.4 s', '12 s', '4 min 12 s', '1 h 00 min', '2 h 05 min']);
    expect(formatDuration(Number.NaN)).toBe('–');
    expect(formatDuration(3599.9)).toBe('1 h 00 min');
  });

  it('names its zone', () => {
    expect(formatInstant('2026-11-03T14:05:09.000Z')).toBe('3 Nov 2026, 14:05 UTC');
    expect(formatDay('2026-11-03T23:59:59.000Z')).toBe('3 Nov 2026');
    expect(formatClock('2026-11-03T04:05:09.000Z')).toBe('04:05:09');
  });
});
