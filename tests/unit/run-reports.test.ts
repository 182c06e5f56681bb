import { expect, test } from 'vitest';
import { readPlaywrightReport, readVitestReport, sum, summaryLine } from '#tests/run/reports.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((one, i) => ({ fullName: `a ${i}`, status: one })),
});

test('Vitest’s tests are counted, and those skipped are named', () => {
  const report = { success: false, testResults: [file('failed', 'passed', 'failed', 'pending', 'todo'), file('passed', 'passed')] };
  expect(readVitestReport(report)).toEqual({ counts: { passed: 2, failed: 1, skipped: 2 }, skipped: ['a 2', 'a 3'] });
});

test('a file that could not be loaded is a failure, and so is an error outside every test', () => {
  expect(readVitestReport({ success: false, testResults: [file('failed'), file('passed', 'passed')] }).counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
  expect(readVitestReport({ success: false, testResults: [file('passed', 'passed')] }).counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
  expect(readVitestReport({ success: true, testResults: [file('passed', 'passed')] }).counts).toEqual({ passed: 1, failed: 0, skipped: 0 });
});

test('Playwright’s flaky tests and errors outside tests are failures', () => {
  expect(readPlaywrightReport({ stats: { expected: 5, unexpected: 1, flaky: 1, skipped: 2 }, errors: [{ message: 'no site' }] })).toEqual({ passed: 5, failed: 3, skipped: 2 });
});

test('a report that is none is not counted as nothing', () => {
  expect(() => readVitestReport({})).toThrow();
  expect(() => readPlaywrightReport({ stats: {} })).toThrow();
});

test('the last line counts everything, and mentions skipped ones only where there are any', () => {
  const counts = [readPlaywrightReport({ stats: { expected: 5, unexpected: 0, flaky: 0, skipped: 0 }, errors: [] }), { passed: 3, failed: 1, skipped: 0 }];
  expect(summaryLine(sum(counts))).toBe('8 passed, 1 failed');
  expect(summaryLine({ passed: 8, failed: 0, skipped: 2 })).toBe('8 passed, 0 failed, 2 skipped');
});
