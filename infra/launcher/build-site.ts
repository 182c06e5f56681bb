import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import type { Log } from '#platform/log/log.ts';
import { NEXT } from './site-arguments.ts';
import { end, ROOT, spawnNode } from './supervised.ts';

/** In the build's folder: the hash of what it was made from. */
const STAMP = 'made-from';
/** What the site's build depends on. */
const INPUTS = [
  'app',
  'server',
  'lib',
  'platform',
  'public',
  'prisma/schema.prisma',
  'instrumentation.ts',
  'proxy.ts',
  'next.config.js',
  'postcss.config.mjs',
  'package-lock.json',
  'package.json',
];

/** Whether there is a build of the sources as they are. */
export function isSiteBuilt(env: NodeJS.ProcessEnv): boolean {
  const folder = distFolder(env);
  const stamp = path.join(folder, STAMP);
  return existsSync(path.join(folder, 'BUILD_ID')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hashInputs();
}

/**
 * Build the site when there is no build or its sources have changed since. `onChild` is given what stops the
 * build. Throws AppError `internal` with the compiler's last lines when it fails.
 */
export async function buildSite(env: NodeJS.ProcessEnv, log: Log, onChild: (stop: () => Promise<void>) => void): Promise<void> {
  if (isSiteBuilt(env)) return;
  const stamp = path.join(distFolder(env), STAMP);
  const hash = hashInputs();
  rmSync(stamp, { force: true });
  log.info({ event: 'site_build_started' });
  const started = performance.now();
  const lines: string[] = [];
  const child = spawnNode({ args: [NEXT, 'build'], env, onLine: (line) => lines.push(line) });
  onChild(() => end(child, 5));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new AppError('internal', `The site could not be built:\n${lines.slice(-40).join('\n')}`);
  writeFileSync(stamp, hash);
  log.info({ event: 'site_build_finished', seconds: Math.round((performance.now() - started) / 100) / 10 });
}

function distFolder(env: NodeJS.ProcessEnv): string {
  return path.join(ROOT, env['ATLAS_DIST_DIR'] ?? '.next');
}

function hashInputs(): string {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    for (const file of filesUnder(path.join(ROOT, input))) {
      hash.update(path.relative(ROOT, file)).update('\0').update(readFileSync(file)).update('\0');
    }
  }
  return hash.digest('hex');
}

/** All files of a folder in a fixed order, or the file itself; nothing when it does not exist. Tests are not built. */
function filesUnder(location: string): string[] {
  if (!existsSync(location)) return [];
  try {
    return readdirSync(location, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [location];
    throw error;
  }
}
