import { readFile } from 'node:fs/promises';
import type { Hash } from 'node:crypto';
import type { DocumentPool } from './document.ts';
import { isCompressed, readCompressed } from './decompress.ts';

/** Plain files, one document each, known by their path without `.txt`. Their contents go into `hash`, and are counted, where there is one. */
export async function openTextFiles(files: readonly { path: string; name: string }[], hash: Hash | null): Promise<DocumentPool> {
  const read = async (path: string): Promise<string> => (isCompressed(path) ? (await readCompressed(path)).toString('utf8') : readFile(path, 'utf8'));
  const keys = files.map(({ name }) => name.replace(/\.txt(?:\.gz|\.zst)?$/, ''));
  let letters = 0;
  if (hash !== null) {
    for (const [i, { path }] of files.entries()) {
      const text = await read(path);
      letters += text.length;
      hash.update(`${keys[i]}\0${text.length}\0`).update(text);
    }
  }
  return { count: files.length, letters, read: async (index) => ({ key: keys[index]!, content: await read(files[index]!.path) }) };
}
