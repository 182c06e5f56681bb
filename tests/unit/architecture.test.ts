import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import arrows from './arrows.json' with { type: 'json' };

const ROOT = path.resolve(import.meta.dirname, '../..');
/** What follows `from`, `import`, `import(`, `require(` or `vi.mock(`: everything by which one file reaches another. */
const SPECIFIER = /(?:\bfrom|\bimport|\bimport\(|\brequire\(|\bvi\.\w+\()\s*(['"`])([^'"`\n]+)\1/g;

const imports = Object.keys(arrows).flatMap((room) =>
  readdirSync(path.join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?[jt]sx?$/.test(name))
    .map((name) => path.join(room, name))
    .flatMap((file) => [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(SPECIFIER)].map(([, , target = '']) => ({ room, file, target }))),
);

/** The room an import leads to, by `#room/…` or by a relative path; null for packages and for files of no room. */
function roomOf(file: string, target: string): string | null {
  if (!/^[#.]/.test(target)) return null;
  const [room = '', rest] = (target.startsWith('#') ? target.slice(1) : path.join(path.dirname(file), target)).split('/', 2);
  return rest === undefined ? null : room;
}

test.each(Object.entries(arrows))('%s imports nothing of ours but itself and %j', (room, allowed) => {
  const own = imports.filter((one) => one.room === room);
  expect(own).not.toEqual([]);
  const wrong = own.filter(({ file, target }) => {
    const to = roomOf(file, target);
    return to !== null && ![room, ...allowed, ...(/\.test\.tsx?$/.test(file) ? ['tests'] : [])].includes(to);
  });
  expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
});

test('one file touches the numeric runtime', () => {
  const touching = imports.filter(({ target }) => target.startsWith('onnxruntime')).map(({ file }) => file);
  expect([...new Set(touching)]).toEqual(['gpu-worker/model/onnx.ts']);
});
