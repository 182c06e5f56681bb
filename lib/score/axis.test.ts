import { describe, expect, it } from 'vitest';
import { axisPosition, halfWidth } from './axis.ts';

describe('axisPosition', () => {
  it('runs from .4 to 1 and clips what lies outside', () => {
    expect(axisPosition(0.4)).toBe(0);
    expect(axisPosition(0.5)).toBe(16.67);
    expect(axisPosition(0.85)).toBe(75);
    expect(axisPosition(1)).toBe(100);
    expect(axisPosition(0.1)).toBe(0);
  });
});

describe('halfWidth', () => {
  it('is half the interval, and nothing where an end is missing', () => {
    expect(halfWidth(0.8, 0.9)).toBeCloseTo(0.05, 12);
    expect(halfWidth(null, 0.9)).toBeNull();
  });
});
