import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../package.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '..');
const SHORT = 12;
let known: string | undefined;

/** The version of this checkout with the commit it stands at, e.g. `0.1.0+1a2b3c4d5e6f`; without one where there is no repository. For provenance, never for keys. */
export function codeVersion(): string {
  known ??= [packageJson.version, commitOf(path.join(ROOT, '.git'))].filter((part) => part !== null).join('+');
  return known;
}

/** The commit that a repository's folder says is checked out; null where that cannot be read from its files. */
export function commitOf(folder: string): string | null {
  const text = (file: string): string | null => (existsSync(path.join(folder, file)) ? readFileSync(path.join(folder, file), 'utf8') : null);
  if (!existsSync(path.join(folder, 'HEAD'))) return null;
  const head = text('HEAD')?.trim() ?? '';
  const branch = /^ref: (.+)$/.exec(head)?.[1];
  const packed = (name: string): string | undefined =>
    text('packed-refs')
      ?.split('\n')
      .find((line) => line.endsWith(` ${name}`));
  const commit = branch === undefined ? head : (text(branch)?.trim() ?? packed(branch));
  return commit !== undefined && /^[0-9a-f]{40}/.test(commit) ? commit.slice(0, SHORT) : null;
}
