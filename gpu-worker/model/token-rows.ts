import { readFile, stat } from 'node:fs/promises';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';

/** Token ids [rows, length], row-major, without padding. */
export interface TokenRows {
  ids: Int32Array;
  rows: number;
  length: number;
}

// JavaScript holds no text of more than 512 MB; this much JSON is some seventy million tokens.
const MAX_FILE_BYTES = 400 * 1024 * 1024;

/**
 * Reads a file of tokens, `{"input_ids": [[…], …]}`, rows of equal length. Throws AppError 'not_found', 'too_large', or
 * 'bad_request' naming the row at fault.
 */
export async function readTokenRows(path: string): Promise<TokenRows> {
  const bad = (what: string, cause?: unknown): AppError => new AppError('bad_request', `${path} ${what}.`, { field: 'tokens', cause });
  const found = await stat(path).catch((cause: unknown) => {
    throw new AppError('not_found', `${path} cannot be read: ${errorMessage(cause)}`, { field: 'tokens', cause });
  });
  if (found.size > MAX_FILE_BYTES)
    throw new AppError('too_large', `${path} has ${found.size} bytes; a file of tokens has at most ${MAX_FILE_BYTES}. Split it.`, { field: 'tokens' });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw bad(`is not JSON: ${errorMessage(cause)}`, cause);
  }
  const list: unknown = json !== null && typeof json === 'object' && 'input_ids' in json ? json.input_ids : undefined;
  if (!Array.isArray(list)) throw bad('has no list input_ids; {"input_ids": [[1, 2, …], …]} is expected');
  const rows: readonly unknown[] = list;
  const [first] = rows;
  if (!Array.isArray(first) || first.length === 0) throw bad('has no row of tokens in input_ids');
  const { length } = first;
  const ids = new Int32Array(rows.length * length);
  rows.forEach((row: unknown, r) => {
    if (!Array.isArray(row)) throw bad(`has no list of tokens at row ${r}`);
    if (row.length !== length) throw bad(`has ${row.length} tokens in row ${r}, but ${length} in row 0; rows must be of equal length`);
    row.forEach((id: unknown, i) => {
      if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 0x7fffffff)
        throw bad(`has ${JSON.stringify(id)?.slice(0, 40)} in row ${r}, which is no token id`);
      ids[r * length + i] = id;
    });
  });
  return { ids, rows: rows.length, length };
}
