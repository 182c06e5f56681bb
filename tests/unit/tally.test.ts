import { expect, test } from 'vitest';
import { agreeWithExit, NOTHING, readPlaywrightReport, readVitestReport, sum, summaryLine, tallyOfCheck } from '#tests/run/tally.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((one, i) => ({ fullName: `a ${i}`, status: one })),
});

test('Vitest’s tests are counted; those that failed or were left out are named', () => {
  const report = { testResults: [file('failed', 'passed', 'failed', 'pending', 'todo'), file('passed', 'passed')] };
  expect(readVitestReport(report)).toEqual({ passed: 2, failed: ['a 1'], skipped: ['a 2', 'a 3'] });
});

test('a file that could not be loaded is a failure', () => {
  expect(readVitestReport({ testResults: [file('failed'), file('passed', 'passed')] })).toEqual({ passed: 1, failed: ['a.test.ts'], skipped: [] });
});

test('Playwright’s suites are read to the bottom; flaky tests and errors outside tests are failures', () => {
  const spec = (title: string, status: string) => ({ title, file: 'a.spec.ts', tests: [{ status }] });
  const inner = { specs: [spec('two', 'unexpected'), spec('three', 'flaky'), spec('four', 'skipped')] };
  expect(readPlaywrightReport({ suites: [{ specs: [spec('one', 'expected')], suites: [inner] }], errors: [{ message: 'no site\nat all' }] })).toEqual({
    passed: 1,
    failed: ['a.spec.ts: two', 'a.spec.ts: three', 'no site'],
    skipped: ['a.spec.ts: four'],
  });
});

test('a report that is none is not counted as nothing', () => {
  expect(() => readVitestReport({})).toThrow();
  expect(() => readPlaywrightReport({ suites: [] })).toThrow();
});

test('a runner that crashed or ran nothing has failed, whatever its report says', () => {
  const passed = { ...NOTHING, passed: 3 };
  expect(agreeWithExit('vitest', passed, 0)).toEqual(passed);
  expect(agreeWithExit('vitest', passed, 1).failed).toEqual(['vitest ended with code 1 though no test failed']);
  expect(agreeWithExit('vitest', NOTHING, 0).failed).toEqual(['vitest ran no test']);
  expect(agreeWithExit('vitest', { ...passed, failed: ['a'] }, 1).failed).toEqual(['a']);
});

test('the last line counts everything, and mentions skipped ones only where there are any', () => {
  expect(summaryLine(sum([{ ...NOTHING, passed: 8 }, tallyOfCheck('lint', false), tallyOfCheck('types', true)]))).toBe('9 passed, 1 failed');
  expect(summaryLine({ passed: 8, failed: [], skipped: ['a', 'b'] })).toBe('8 passed, 0 failed, 2 skipped');
});
