import { readdir, realpath } from 'node:fs/promises';
import { dirname, basename, join, relative, isAbsolute, sep } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';

/**
 * Refuses links in a folder that lead out of it: a checkpoint that somebody else packed must not choose which files of
 * this machine are read. In a cache of Python's hub client (`snapshots/<commit>/…` linked to `blobs/` beside it) the
 * cache's own blobs count as inside. A link to nothing is left to whoever opens it. Throws AppError 'forbidden'.
 */
export async function refuseLinksOut(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const links = entries.filter((entry) => entry.isSymbolicLink());
  if (links.length === 0) return;
  const home = await realpath(dir);
  const allowed = [home, ...blobsBeside(home)];
  for (const { name } of links) {
    const target = await realpath(join(dir, name)).catch(() => null);
    if (target !== null && !allowed.some((folder) => isWithin(folder, target))) {
      throw new AppError('forbidden', `${join(dir, name)} is a link to ${target}, outside its folder; put the file itself there.`);
    }
  }
}

function blobsBeside(dir: string): string[] {
  for (let at = dir; dirname(at) !== at; at = dirname(at)) {
    if (basename(dirname(at)) === 'snapshots') return [join(dirname(dirname(at)), 'blobs')];
  }
  return [];
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
