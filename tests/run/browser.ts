import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';
import { packageProgram, runCommand } from './command.ts';

const INSTALLED_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const INSTALL_MINUTES = 5;

/**
 * A Chromium to drive: `CHROME_PATH`, an installed one, Debian's as root, or Playwright's own download, in this order.
 * Throws an Error that says how to get one.
 */
export async function findBrowser(): Promise<string> {
  const named = process.env['CHROME_PATH'];
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`CHROME_PATH names ${named}, which is no program that can be run: correct it, or unset it to have a browser found.`);
  }
  const found = installedBrowser();
  if (found) return found;
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    process.stdout.write('No Chromium is installed; installing Debian’s.\n');
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await runCommand('apt-get', ['-qq', 'update'], { minutes: INSTALL_MINUTES, env });
    await runCommand('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'chromium'], { minutes: INSTALL_MINUTES, env });
    const installed = installedBrowser();
    if (installed) return installed;
  }
  process.stdout.write('No Chromium is installed; downloading Playwright’s.\n');
  await runCommand(packageProgram('playwright'), ['install', 'chromium'], { minutes: INSTALL_MINUTES });
  const downloaded = installedBrowser();
  if (downloaded) return downloaded;
  throw new Error('There is no browser, and none could be installed: install Chromium, or set CHROME_PATH to a Chrome or Chromium.');
}

function installedBrowser(): string | null {
  for (const name of INSTALLED_NAMES) {
    const program = onPath(name);
    if (program) return program;
  }
  const own = chromium.executablePath();
  return existsSync(own) ? own : null;
}

function onPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => path.join(folder, name)).find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
