import { z } from 'zod';

/** What a step comes to: how much of it passed, and by name what did not and what was left out. */
export interface Tally {
  passed: number;
  failed: string[];
  skipped: string[];
}

export const NOTHING: Tally = { passed: 0, failed: [], skipped: [] };

/** A step that passes or fails as a whole, such as the linter. */
export function tallyOfCheck(name: string, passed: boolean): Tally {
  return passed ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: [name] };
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: [...a.failed, ...b.failed], skipped: [...a.skipped, ...b.skipped] }), NOTHING);
}

/** `12 passed, 0 failed`, with `, 3 skipped` when there are any. */
export function summaryLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`;
}

const vitestSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** Vitest's JSON report. A file that could not be loaded has no tests to count: it is one failure itself. */
export function readVitestReport(report: unknown): Tally {
  return sum(
    vitestSchema.parse(report).testResults.map(({ name, status, assertionResults }) => {
      const named = (wanted: (status: string) => boolean) => assertionResults.filter((one) => wanted(one.status)).map(({ fullName }) => fullName);
      const failed = named((one) => one === 'failed');
      return {
        passed: named((one) => one === 'passed').length,
        failed: status === 'failed' && failed.length === 0 ? [name] : failed,
        skipped: named((one) => one !== 'passed' && one !== 'failed'),
      };
    }),
  );
}

const testSchema = z.object({ title: z.string(), file: z.string(), tests: z.array(z.object({ status: z.string() })) });
const suiteSchema = z.object({
  specs: z.array(testSchema),
  get suites() {
    return z.array(suiteSchema).optional();
  },
});
const playwrightSchema = z.object({ suites: z.array(suiteSchema), errors: z.array(z.object({ message: z.string().optional() })) });

/** Playwright's JSON report. A flaky test has failed; so has what went wrong outside every test, such as a site that did not start. */
export function readPlaywrightReport(report: unknown): Tally {
  const { suites, errors } = playwrightSchema.parse(report);
  const inSuite = (suite: z.infer<typeof suiteSchema>): Tally =>
    sum([
      ...suite.specs.flatMap(({ title, file, tests }) =>
        tests.map(({ status }) => {
          if (status === 'expected') return { ...NOTHING, passed: 1 };
          const name = `${file}: ${title}`;
          return status === 'skipped' ? { ...NOTHING, skipped: [name] } : { ...NOTHING, failed: [name] };
        }),
      ),
      ...(suite.suites ?? []).map(inSuite),
    ]);
  return sum([...suites.map(inSuite), { ...NOTHING, failed: errors.map(({ message }) => message?.split('\n')[0] ?? 'Playwright failed') }]);
}

/** Holds a runner's report against how the runner ended, so that neither a crash nor an empty run passes for success. */
export function agreeWithExit(name: string, tally: Tally, code: number): Tally {
  if (tally.failed.length > 0) return tally;
  if (code !== 0) return { ...tally, failed: [`${name} ended with code ${code} though no test failed`] };
  return tally.passed === 0 ? { ...tally, failed: [`${name} ran no test`] } : tally;
}
