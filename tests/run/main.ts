import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errorMessage } from '#lib/errors/app-error.ts';
import { generateClient } from '#platform/database/generate-client.ts';
import { buildTestedSite } from '#tests/e2e/build.ts';
import { findBrowser } from './browser.ts';
import { packageProgram, runCommand } from './command.ts';
import { agreeWithExit, readPlaywrightReport, readVitestReport, sum, summaryLine, type Tally, tallyOfCheck } from './tally.ts';

// `npm test`: every check there is, from a fresh `npm ci`. A step that fails does not keep the others from running; the
// last line counts them all.
const reports = mkdtempSync(path.join(tmpdir(), 'atlas-reports-'));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs one step, then says what came of it and how long it took. What it throws is its failure. */
async function step(name: string, run: () => Promise<Tally>): Promise<Tally> {
  const started = performance.now();
  let tally: Tally;
  try {
    tally = await run();
  } catch (error) {
    print(errorMessage(error));
    tally = tallyOfCheck(name, false);
  }
  // Interrupted: what was cut off has not failed, and the rest is not wanted.
  if (process.exitCode !== undefined) process.exit();
  print(`── ${name}: ${summaryLine(tally)} (${Math.round((performance.now() - started) / 1000)} s)`);
  return tally;
}

/** What stands still is stopped: three times what each takes on two cores with nothing beside it. */
const [CHECK_MINUTES, TEST_MINUTES] = [10, 25];

/** A program that passes or fails as a whole, and is heard only when it fails. */
function check(name: string, program: string, ...args: string[]): Promise<Tally> {
  return step(name, async () => {
    const { code, output } = await runCommand(packageProgram(program), args, { minutes: CHECK_MINUTES, quiet: true });
    if (code !== 0) print(output.trimEnd());
    return tallyOfCheck(name, code === 0);
  });
}

async function build(): Promise<Tally> {
  await buildTestedSite();
  return tallyOfCheck('Production build', true);
}

async function vitest(): Promise<Tally> {
  const file = path.join(reports, 'vitest.json');
  const { code } = await runCommand(packageProgram('vitest'), ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`], {
    minutes: TEST_MINUTES,
  });
  return agreeWithExit('Vitest', readVitestReport(JSON.parse(readFileSync(file, 'utf8'))), code);
}

async function playwright(): Promise<Tally> {
  const file = path.join(reports, 'playwright.json');
  const env = { CHROME_PATH: await findBrowser(), PLAYWRIGHT_JSON_OUTPUT_FILE: file };
  const { code } = await runCommand(packageProgram('playwright'), ['test', '--config=tests/e2e', '--reporter=dot,json'], { minutes: TEST_MINUTES, env });
  return agreeWithExit('Playwright', readPlaywrightReport(JSON.parse(readFileSync(file, 'utf8'))), code);
}

async function inOrder(...steps: (() => Promise<Tally>)[]): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const run of steps) tallies.push(await run());
  return sum(tallies);
}

/** Everything, two at a time where nothing talks to a database or a browser. */
async function everything(): Promise<Tally> {
  if (generateClient()) print('Wrote Prisma’s client.');
  let built = false;
  const checks = await Promise.all([
    inOrder(
      () => check('Format', 'prettier', '--check', '--log-level=warn', '.'),
      () => check('Lint', 'eslint', '.'),
    ),
    inOrder(
      () => check('Types', 'tsc', '--noEmit'),
      async () => {
        const tally = await step('Production build', build);
        built = tally.failed.length === 0;
        return tally;
      },
    ),
  ]);
  const tests = await step('Unit, parity and database tests', vitest);
  if (!built) print('The browser tests are not run: there is no build to test.');
  const browser = built ? await step('Browser tests', playwright) : tallyOfCheck('Browser tests', false);
  return sum([...checks, tests, browser]);
}

let tally: Tally;
try {
  tally = await everything();
} finally {
  rmSync(reports, { recursive: true, force: true });
}
if (tally.skipped.length > 0) print(`\nSkipped:\n${tally.skipped.map((name) => `  ${name}`).join('\n')}`);
if (tally.failed.length > 0) print(`\nFailed:\n${tally.failed.map((name) => `  ${name}`).join('\n')}`);
print(`\n${summaryLine(tally)}`);
process.exitCode = tally.failed.length === 0 ? 0 : 1;
