import { expect, test } from 'vitest';
import { memoryBudget, parseGpus } from './memory-budget.ts';

test('the budget lies within its bounds on any machine', () => {
  expect(memoryBudget()).toBeGreaterThanOrEqual(64 * 2 ** 20);
  expect(memoryBudget()).toBeLessThanOrEqual(2 ** 30);
});

test('reads what nvidia-smi prints, whatever else it says', () => {
  expect(parseGpus('NVIDIA H200, 143771, 143000\nNVIDIA A10, 23028, 100\n')).toEqual([
    { name: 'NVIDIA H200', totalBytes: 143771 * 2 ** 20, freeBytes: 143000 * 2 ** 20 },
    { name: 'NVIDIA A10', totalBytes: 23028 * 2 ** 20, freeBytes: 100 * 2 ** 20 },
  ]);
  expect(parseGpus('No devices were found\n')).toEqual([]);
  expect(parseGpus('')).toEqual([]);
});
