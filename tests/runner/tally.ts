import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { errorMessage } from '#lib/errors/app-error.ts';

/** What a step of the whole run comes to. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** Names of what failed, and of what was left out. */
  failures: string[];
  skips: string[];
}

export function emptyTally(): Tally {
  return { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      passed: sum.passed + tally.passed,
      failed: sum.failed + tally.failed,
      skipped: sum.skipped + tally.skipped,
      failures: [...sum.failures, ...tally.failures],
      skips: [...sum.skips, ...tally.skips],
    }),
    emptyTally(),
  );
}

/** The last line of the whole run. */
export function summaryLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** A check without a report of its own, such as the linter: one. */
export function gateTally(name: string, code: number | null): Tally {
  return code === 0 ? { ...emptyTally(), passed: 1 } : { ...emptyTally(), failed: 1, failures: [name] };
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

/** Vitest's JSON report. A file that could not even be loaded has no tests in it, and counts as one that failed. */
export function vitestTally(report: unknown): Tally {
  const tally = emptyTally();
  for (const file of vitestSchema.parse(report).testResults) {
    let failed = 0;
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') tally.passed++;
      else if (status === 'failed') {
        failed++;
        tally.failures.push(`${file.name}: ${fullName}`);
      } else {
        tally.skipped++;
        tally.skips.push(`${file.name}: ${fullName}`);
      }
    }
    if (failed === 0 && file.status === 'failed') {
      failed = 1;
      tally.failures.push(`${file.name}: the file itself`);
    }
    tally.failed += failed;
  }
  return tally;
}

interface Suite {
  title: string;
  specs: { title: string; tests: { projectName: string; status: string }[] }[];
  suites?: Suite[] | undefined;
}
const suiteSchema: z.ZodType<Suite> = z.object({
  title: z.string(),
  specs: z.array(z.object({ title: z.string(), tests: z.array(z.object({ projectName: z.string(), status: z.string() })) })),
  get suites() {
    return z.array(suiteSchema).optional();
  },
});
const playwrightSchema = z.object({ suites: z.array(suiteSchema), errors: z.array(z.object({ message: z.string().optional() })) });

/** Playwright's JSON report. A flaky test has failed: what passes the second time is a bug found the first. */
export function playwrightTally(report: unknown): Tally {
  const { suites, errors } = playwrightSchema.parse(report);
  const tally = emptyTally();
  const visit = (suite: Suite, path: string) => {
    for (const { title, tests } of suite.specs) {
      for (const { status, projectName } of tests) {
        const name = `${path} › ${title}${projectName ? ` [${projectName}]` : ''}`;
        if (status === 'expected') tally.passed++;
        else if (status === 'skipped') {
          tally.skipped++;
          tally.skips.push(name);
        } else {
          tally.failed++;
          tally.failures.push(name);
        }
      }
    }
    for (const inner of suite.suites ?? []) visit(inner, `${path} › ${inner.title}`);
  };
  for (const suite of suites) visit(suite, suite.title);
  for (const { message } of errors) {
    tally.failed++;
    tally.failures.push(message?.split('\n')[0] ?? 'Playwright failed');
  }
  return tally;
}

/** A runner's tally from its report file; a run that failed without a failing test, or left no report, is one failure. */
export function reportTally(name: string, file: string, code: number | null, read: (report: unknown) => Tally): Tally {
  let tally: Tally;
  try {
    tally = read(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    return { ...emptyTally(), failed: 1, failures: [`${name} left no report that can be read: ${errorMessage(error)}`] };
  }
  if (tally.failed === 0 && code !== 0) return { ...tally, failed: 1, failures: [`${name} ended with code ${code} though no test failed`] };
  if (tally.failed === 0 && tally.passed === 0) return { ...tally, failed: 1, failures: [`${name} ran no test`] };
  return tally;
}
