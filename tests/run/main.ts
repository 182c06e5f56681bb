import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateClient } from '#platform/database/generate-client.ts';
import { buildTestedSite } from '#tests/e2e/build.ts';
import { findBrowser } from './browser.ts';
import { packageProgram, runCommand } from './command.ts';
import { type Counts, ONE_FAILED, ONE_PASSED, readPlaywrightReport, readVitestReport, sum, summaryLine } from './reports.ts';

// `npm test`: every check there is, from a fresh `npm ci`. A step that fails does not keep the others from running; the
// last line counts them all.
const reports = mkdtempSync(path.join(tmpdir(), 'atlas-reports-'));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Step {
  name: string;
  run: () => Promise<Counts>;
}

/** A program that passes or fails as a whole. */
function check(name: string, program: string, args: readonly string[], minutes: number): Step {
  return { name, run: async () => ((await runCommand(packageProgram(program), args, { minutes })) === 0 ? ONE_PASSED : ONE_FAILED) };
}

function readReport<Result>(file: string, read: (report: unknown) => Result): Result {
  return read(JSON.parse(readFileSync(path.join(reports, file), 'utf8')));
}

async function vitest(): Promise<Counts> {
  const args = ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${path.join(reports, 'vitest.json')}`];
  await runCommand(packageProgram('vitest'), args, { minutes: 10 });
  const { counts, skipped } = readReport('vitest.json', readVitestReport);
  if (skipped.length > 0) print(`\nSkipped (Meilisearch’s tests need MEILI_URL):\n${skipped.map((name) => `  ${name}`).join('\n')}`);
  return counts;
}

let built = false;
async function build(): Promise<Counts> {
  await buildTestedSite();
  built = true;
  return ONE_PASSED;
}

async function playwright(): Promise<Counts> {
  if (!built) throw new Error('Not run: there is no build to test.');
  const env = { CHROME_PATH: await findBrowser(), PLAYWRIGHT_JSON_OUTPUT_FILE: path.join(reports, 'playwright.json') };
  await runCommand(packageProgram('playwright'), ['test', '--config=tests/e2e', '--reporter=dot,json'], { minutes: 10, env });
  return readReport('playwright.json', readPlaywrightReport);
}

const STEPS: readonly Step[] = [
  {
    name: 'Prisma client',
    run: async () => {
      generateClient();
      return ONE_PASSED;
    },
  },
  check('Format', 'prettier', ['--check', '--log-level=warn', '.'], 5),
  check('Lint', 'eslint', ['.'], 10),
  check('Types', 'tsc', ['--noEmit'], 10),
  { name: 'Unit, parity and database tests', run: vitest },
  { name: 'Production build', run: build },
  { name: 'Browser tests', run: playwright },
];

const all: Counts[] = [];
try {
  for (const [i, step] of STEPS.entries()) {
    print(`\n━━ ${i + 1}/${STEPS.length} ${step.name}`);
    const started = performance.now();
    let counts: Counts;
    try {
      counts = await step.run();
    } catch (error) {
      print(error instanceof Error ? error.message : String(error));
      counts = ONE_FAILED;
    }
    if (process.exitCode !== undefined) process.exit();
    all.push(counts);
    print(`── ${step.name}: ${summaryLine(counts)}, ${Math.round((performance.now() - started) / 1000)} s`);
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
const total = sum(all);
print(`\n${summaryLine(total)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
