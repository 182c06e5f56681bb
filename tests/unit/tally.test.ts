import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { addTallies, gateTally, playwrightTally, reportTally, summaryLine, vitestTally } from '#tests/runner/tally.ts';

const vitest = {
  testResults: [
    { name: 'a.test.ts', status: 'failed', assertionResults: [{ fullName: 'one', status: 'passed' }, { fullName: 'two', status: 'failed' }] },
    { name: 'b.test.ts', status: 'failed', assertionResults: [] },
    { name: 'c.test.ts', status: 'passed', assertionResults: [{ fullName: 'meilisearch', status: 'skipped' }, { fullName: 'later', status: 'todo' }] },
  ],
}; // prettier-ignore

test('Vitest’s report: tests, files that did not load, skipped ones by name', () => {
  expect(vitestTally(vitest)).toEqual({
    passed: 1,
    failed: 2,
    skipped: 2,
    failures: ['a.test.ts: two', 'b.test.ts: the file itself'],
    skips: ['c.test.ts: meilisearch', 'c.test.ts: later'],
  });
});

test('Playwright’s report: nested suites, flaky is failed, errors outside tests', () => {
  const spec = (title: string, status: string) => ({ title, tests: [{ projectName: 'chromium', status }] });
  const report = {
    suites: [{ title: 'home.spec.ts', specs: [spec('opens', 'expected'), spec('sometimes', 'flaky')], suites: [{ title: 'dark', specs: [spec('looks', 'unexpected'), spec('later', 'skipped')] }] }],
    errors: [{ message: 'the server did not start\nat x' }],
  };
  expect(playwrightTally(report)).toEqual({
    passed: 1,
    failed: 3,
    skipped: 1,
    failures: ['home.spec.ts › sometimes [chromium]', 'home.spec.ts › dark › looks [chromium]', 'the server did not start'],
    skips: ['home.spec.ts › dark › later [chromium]'],
  });
});

test('a run that fails without a failing test, runs none or leaves no report has failed', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'atlas-tally-'));
  const file = path.join(folder, 'report.json');
  const good = { testResults: [{ name: 'a', status: 'passed', assertionResults: [{ fullName: 'one', status: 'passed' }] }] };
  writeFileSync(file, JSON.stringify(good));
  expect(reportTally('vitest', file, 0, vitestTally)).toMatchObject({ passed: 1, failed: 0 });
  expect(reportTally('vitest', file, 1, vitestTally)).toMatchObject({ passed: 1, failed: 1 });
  writeFileSync(file, JSON.stringify({ testResults: [] }));
  expect(reportTally('vitest', file, 0, vitestTally)).toMatchObject({ passed: 0, failed: 1 });
  rmSync(folder, { recursive: true });
  expect(reportTally('vitest', file, 0, vitestTally)).toMatchObject({ passed: 0, failed: 1 });
});

test('the last line', () => {
  expect(summaryLine(addTallies([vitestTally(vitest), gateTally('lint', 0), gateTally('types', 2)]))).toBe('2 passed, 3 failed, 2 skipped');
  expect(summaryLine(gateTally('lint', 0))).toBe('1 passed, 0 failed');
});
