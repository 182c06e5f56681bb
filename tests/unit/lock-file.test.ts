import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Entry {
  optionalDependencies?: Record<string, string>;
}
const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as { packages: Record<string, Entry> };

/** Whether `name`, asked for by the package at `from`, is in the lock file, there or in a folder above. */
function locked(from: string, name: string): boolean {
  for (let folder = from; folder !== ''; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder}/node_modules/${name}` in packages) return true;
  }
  return `node_modules/${name}` in packages;
}

// npm leaves out what its registry does not carry, such as another system's binaries from a mirror; `npm ci` of npm 11
// then refuses the lock file everywhere.
test('the lock file lists every optional dependency, for every system', () => {
  const missing = Object.entries(packages).flatMap(([from, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .filter((name) => !locked(from, name))
      .map((name) => `${name}, asked for by ${from}`),
  );
  expect(missing).toEqual([]);
});
