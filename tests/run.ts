import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorMessage } from '#lib/errors/app-error.ts';
import { generateClient } from '#platform/database/generate-client.ts';
import { findBrowser } from './runner/find-browser.ts';
import { addTallies, emptyTally, gateTally, playwrightTally, reportTally, summaryLine, vitestTally, type Tally } from './runner/tally.ts';

// `npm test`: everything, on a machine that has only Node. Ends with one line, counted from the reports.
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RESULTS = path.join(ROOT, 'test-results');
const BIN = {
  prettier: 'node_modules/prettier/bin/prettier.cjs',
  eslint: 'node_modules/eslint/bin/eslint.js',
  tsc: 'node_modules/typescript/bin/tsc',
  next: 'node_modules/next/dist/bin/next',
  vitest: 'node_modules/vitest/vitest.mjs',
  playwright: 'node_modules/@playwright/test/cli.js',
};
/** The browser tests' build, apart from one that may be being served. */
const env: NodeJS.ProcessEnv = { ...process.env, ATLAS_DIST_DIR: process.env['ATLAS_DIST_DIR'] ?? '.next-e2e', NEXT_TELEMETRY_DISABLED: '1', FORCE_COLOR: '0' };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Run `node` with arguments; resolves with the exit code. Quiet ones show their output when they fail. */
function run(args: string[], { quiet, more = {} }: { quiet: boolean; more?: Record<string, string> }): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...env, ...more }, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (quiet && code !== 0) process.stdout.write(output);
      resolve(code);
    });
  });
}

async function gate(name: string, args: string[]): Promise<Tally> {
  const started = Date.now();
  const code = await run(args, { quiet: true });
  say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${Math.round((Date.now() - started) / 1000)} s)`);
  return gateTally(name, code);
}

async function inOrder(...steps: (() => Promise<Tally>)[]): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const step of steps) tallies.push(await step());
  return addTallies(tallies);
}

async function vitest(): Promise<Tally> {
  const file = path.join(RESULTS, 'vitest.json');
  const code = await run([BIN.vitest, 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`], { quiet: false });
  return reportTally('vitest', file, code, vitestTally);
}

async function playwright(): Promise<Tally> {
  const file = path.join(RESULTS, 'playwright.json');
  let browser: string;
  try {
    browser = findBrowser(env, say);
  } catch (error) {
    say(errorMessage(error));
    return { ...emptyTally(), failed: 1, failures: [errorMessage(error)] };
  }
  const code = await run([BIN.playwright, 'test', '--config', 'tests/e2e/playwright.config.ts', '--reporter=list,json'], {
    quiet: false,
    more: { CHROME_PATH: browser, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  return reportTally('playwright', file, code, playwrightTally);
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
generateClient();
const tally = addTallies([
  // Two at a time where nothing is timed; then what talks to databases and browsers, alone.
  ...(await Promise.all([
    inOrder(
      () => gate('format', [BIN.prettier, '--check', '.']),
      () => gate('lint', [BIN.eslint, '.']),
    ),
    inOrder(
      () => gate('types', [BIN.tsc, '--noEmit', '-p', '.']),
      () => gate('build', [BIN.next, 'build']),
    ),
  ])),
  await vitest(),
  await playwright(),
]);
for (const name of tally.skips) say(`skipped: ${name}`);
for (const name of tally.failures) say(`FAILED: ${name}`);
say(summaryLine(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
