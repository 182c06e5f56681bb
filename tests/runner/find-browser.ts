import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { AppError } from '#lib/errors/app-error.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/**
 * A Chromium to drive: CHROME_PATH, an installed one, Playwright's own, else one installed now (by apt-get as root, else
 * by Playwright). Throws AppError `unsupported` when none can be had.
 */
export function findBrowser(env: NodeJS.ProcessEnv, say: (line: string) => void): string {
  const named = env['CHROME_PATH'];
  if (named) {
    if (isProgram(named)) return named;
    throw new AppError('unsupported', `CHROME_PATH names ${named}, which is no program.`, { field: 'CHROME_PATH' });
  }
  return installed(env) ?? install(env, say);
}

function installed(env: NodeJS.ProcessEnv): string | null {
  const folders = (env['PATH'] ?? '').split(path.delimiter);
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))), ...MAC, chromium.executablePath()];
  return candidates.find(isProgram) ?? null;
}

function install(env: NodeJS.ProcessEnv, say: (line: string) => void): string {
  const playwright = [process.execPath, path.join('node_modules', 'playwright', 'cli.js'), 'install', '--only-shell', 'chromium'];
  const root = process.getuid?.() === 0;
  const ways = root && existsSync('/usr/bin/apt-get') ? [['apt-get', 'update', '-qq'], ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium']] : [playwright];
  try {
    for (const [program, ...args] of ways) {
      say(`No browser found; running ${program} ${args.join(' ')}`);
      execFileSync(program!, args, { stdio: 'inherit', env: { ...env, DEBIAN_FRONTEND: 'noninteractive' } });
    }
  } catch (cause) {
    throw new AppError('unsupported', 'No Chromium was found and none could be installed: install one, or name it in CHROME_PATH.', { cause });
  }
  const found = installed(env);
  if (found === null) throw new AppError('unsupported', 'Chromium was installed but is not where it was expected: name it in CHROME_PATH.');
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
