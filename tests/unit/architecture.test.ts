import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import arrows from './arrows.json' with { type: 'json' };

// The arrows of the house: which room may import which. There is no list of exceptions.
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const allowed = new Map<string, string[]>(Object.entries(arrows));
const rooms = [...allowed.keys(), 'prisma', 'tests'];
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g;

const imports = [...allowed.keys()].flatMap((room) =>
  readdirSync(path.join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|tsx|mjs)$/.test(file))
    .map((file) => path.posix.join(room, file))
    .flatMap((file) => [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(IMPORT)].map((match) => ({ room, file, target: match[1]! }))),
);

/** The room an import leads to, by `#room/…` or by a relative path; null for packages. */
function roomOf(file: string, target: string): string | null {
  if (target.startsWith('#')) return target.slice(1).split('/')[0]!;
  if (!target.startsWith('.')) return null;
  const first = path.posix.join(path.posix.dirname(file), target).split('/')[0]!;
  return rooms.includes(first) ? first : null;
}

test('every import follows an arrow', () => {
  expect(imports.length).toBeGreaterThan(500);
  const against = imports.filter(({ room, file, target }) => {
    const to = roomOf(file, target);
    const mine = [room, ...allowed.get(room)!, ...(/\.test\.tsx?$/.test(file) ? ['tests'] : [])];
    return to !== null && !mine.includes(to);
  });
  expect(against.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
});

test('one file touches the numeric runtime', () => {
  const touching = imports.filter(({ target }) => target.startsWith('onnxruntime')).map(({ file }) => file);
  expect(new Set(touching)).toEqual(new Set(['gpu-worker/model/onnx.ts']));
});
