import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg, { type ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A value for a json or jsonb column; needed for arrays and scalars, which are SQL arrays and scalars otherwise. */
export class JsonValue {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

type Scalar = string | number | bigint | boolean | Date | null;
/**
 * Bytes go to bytea, arrays to SQL arrays of scalars, `JsonValue` to json and jsonb, everything else to the column's
 * text form. Undefined is not a value: a forgotten field is a type error rather than a null.
 */
export type CopyValue = Scalar | Uint8Array | readonly Scalar[] | JsonValue;

/** Bytes sent at a time: large enough that the cost of a write disappears, small beside the memory of a batch. */
const CHUNK = 64 * 1024;

/**
 * Write rows by COPY in the caller's transaction, ten to fifty times as fast as INSERTs; returns how many. `columns`
 * names the fields of each row in order. Throws PostgreSQL's error for the first row it refuses, and then writes none.
 */
export async function copyRows(
  client: ClientBase,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly CopyValue[]> | AsyncIterable<readonly CopyValue[]>,
): Promise<number> {
  const names = columns.map((column) => pg.escapeIdentifier(column)).join(', ');
  const stream = client.query(copyFrom(`COPY ${pg.escapeIdentifier(table)} (${names}) FROM STDIN`));
  await pipeline(Readable.from(encode(rows, columns.length)), stream);
  return stream.rowCount;
}

async function* encode(rows: Iterable<readonly CopyValue[]> | AsyncIterable<readonly CopyValue[]>, width: number): AsyncGenerator<Buffer> {
  let chunk: string[] = [];
  let size = 0;
  for await (const row of rows) {
    if (row.length !== width) throw new RangeError(`a row has ${row.length} values for ${width} columns`);
    const line = `${row.map(copyText).join('\t')}\n`;
    chunk.push(line);
    size += line.length;
    if (size >= CHUNK) {
      yield Buffer.from(chunk.join(''), 'utf8');
      chunk = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.from(chunk.join(''), 'utf8');
}

/** A value in COPY's text format (PostgreSQL manual, COPY, “Text Format”). */
export function copyText(value: CopyValue): string {
  if (value === null) return '\\N';
  if (value instanceof Uint8Array) return `\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (value instanceof JsonValue) return escape(JSON.stringify(value.value));
  if (isArray(value)) return escape(`{${value.map(element).join(',')}}`);
  return escape(scalar(value));
}

function isArray(value: CopyValue): value is readonly Scalar[] {
  return Array.isArray(value);
}

function scalar(value: Exclude<Scalar, null>): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

/** An element of an array literal: quoted always, so that no text is taken for NULL or a bracket. */
function element(value: Scalar): string {
  return value === null ? 'NULL' : `"${scalar(value).replace(/["\\]/g, '\\$&')}"`;
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]!);
}
