import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { codeVersion, commitOf } from './code-version.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'atlas-git-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('finds the commit of a branch, of a packed branch and of a detached head', () => {
  writeFileSync(path.join(folder, 'HEAD'), 'ref: refs/heads/main\n');
  writeFileSync(path.join(folder, 'packed-refs'), `# pack-refs\n${COMMIT.replaceAll('0', 'f')} refs/heads/main\n`);
  expect(commitOf(folder)).toBe('f123456789ab');
  mkdirSync(path.join(folder, 'refs/heads'), { recursive: true });
  writeFileSync(path.join(folder, 'refs/heads/main'), `${COMMIT}\n`);
  expect(commitOf(folder)).toBe('0123456789ab');
  writeFileSync(path.join(folder, 'HEAD'), `${COMMIT}\n`);
  expect(commitOf(folder)).toBe('0123456789ab');
});

it('has none where there is no repository', () => {
  expect(commitOf(path.join(folder, 'nothing'))).toBeNull();
  expect(codeVersion()).toMatch(/^\d+\.\d+\.\d+(\+[0-9a-f]{12})?$/);
});
