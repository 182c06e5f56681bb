import { stat } from 'node:fs/promises';

/** Of files changed just now another change might show neither in their size nor in their times, which are some milliseconds coarse. */
const SETTLED_MS = 2000;

/** What tells, without reading them, whether files are what they were. */
export interface FileLooks {
  text: string;
  /** When the last of them was changed, in milliseconds since 1970. */
  changed: number;
}

/** `name`: what a file is known by beside where it lies. */
export async function looksOfFiles(files: Iterable<{ path: string; name: string }>): Promise<FileLooks> {
  const looks: string[] = [];
  let changed = 0;
  for (const { path, name } of files) {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true });
    looks.push([name, dev, ino, size, mtimeNs, ctimeNs].join());
    changed = Math.max(changed, Number(ctimeMs));
  }
  return { text: JSON.stringify(looks), changed };
}

/** Whether what was found of files looked at then may be remembered by their looks. */
export const hadSettled = ({ changed }: FileLooks, then: number): boolean => then - changed > SETTLED_MS;
