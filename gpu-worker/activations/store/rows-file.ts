import { z } from 'zod';
import { splitSchema } from '#lib/example/schema.ts';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { bytesOf, encodeCheckedFile, openCheckedFile } from './checked-file.ts';
import type { StoredDocument, StoredRows } from './types.ts';

/** The rows that coders are run on: `tokens` [rows, rowLength] (i32), `document` (u32) and `length` (u16) a row, and the documents, one JSON a line. */
const FORMAT = { format: 'latent-atlas rows', version: 1 };
const whole = z.number().int().nonnegative();
const metaSchema = z.object({ rows: whole, rowLength: z.number().int().positive(), bos: z.number().int().nullable(), tokens: whole, documents: whole });
const documentSchema = z.tuple([z.string(), splitSchema]);
/** Lines of documents encoded at a time. */
const DOCUMENTS_AT_ONCE = 4096;

/** Some rows in their order. */
export interface RowsPiece {
  /** [rows, rowLength], row-major. */
  tokens: Int32Array;
  /** Index into the documents, a row. */
  document: Uint32Array;
  /** Tokens that count, a row; what lies behind is padding. */
  length: Uint16Array;
}

export interface RowsToWrite {
  rowLength: number;
  /** The token masked from storage, or null. */
  bos: number | null;
  pieces: Iterable<RowsPiece> | AsyncIterable<RowsPiece>;
  /** Asked for when the rows have gone by. */
  documents(): Iterable<StoredDocument>;
}

export interface RowsFacts {
  rows: number;
  /** Neither masked nor padding. */
  tokens: number;
  documents: number;
}

/** Writes the rows as they come; memory does not depend on the tokens, only, six bytes each, on the rows. */
export async function writeRows(store: ArtifactStore, key: string, { rowLength, bos, pieces, documents }: RowsToWrite): Promise<RowsFacts> {
  const [document, length]: [Uint32Array[], Uint16Array[]] = [[], []];
  const facts: RowsFacts = { rows: 0, tokens: 0, documents: 0 };
  async function* tokens(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      piece.length.forEach((count, row) => {
        for (let at = row * rowLength; at < row * rowLength + count; at++) if (piece.tokens[at] !== bos) facts.tokens++;
      });
      document.push(piece.document);
      length.push(piece.length);
      facts.rows += piece.length.length;
      yield bytesOf(piece.tokens);
    }
    if (facts.rows * rowLength > 2 ** 32)
      throw new AppError('too_large', `${facts.rows} rows of ${rowLength} tokens are more than the 4,294,967,296 that one store can number; make several.`);
  }
  function* lines(): Generator<Uint8Array> {
    let text: string[] = [];
    for (const { key: name, split } of documents()) {
      facts.documents++;
      text.push(JSON.stringify([name, split]), '\n');
      if (text.length < 2 * DOCUMENTS_AT_ONCE) continue;
      yield Buffer.from(text.join(''));
      text = [];
    }
    yield Buffer.from(text.join(''));
  }
  await store.write(
    key,
    encodeCheckedFile(
      FORMAT,
      [
        { name: 'tokens', kind: 'i32', chunks: tokens },
        { name: 'document', kind: 'u32', chunks: () => document.map(bytesOf) },
        { name: 'length', kind: 'u16', chunks: () => length.map(bytesOf) },
        { name: 'documents', kind: 'u8', chunks: lines },
      ],
      () => ({ ...facts, rowLength, bos }),
    ),
  );
  return facts;
}

/** Rows with what only a check of all of them needs. */
export interface RowsFile extends StoredRows {
  verify(): Promise<void>;
}

/** Opens rows. `documents: false` leaves their names unread, for those who look at tokens alone. */
export async function openRows(store: ArtifactStore, key: string, { documents: named = true }: { documents?: boolean } = {}): Promise<RowsFile> {
  const corrupt = (what: string, cause?: unknown): AppError =>
    new AppError('corrupt_file', `The artifact ${key} is damaged: ${what}. Delete it and run the stage again.`, { cause });
  const file = await openCheckedFile(store, key, { ...FORMAT, meta: metaSchema });
  try {
    const { rows, rowLength, bos, tokens } = file.meta;
    const [document, length] = [await file.column('document', 'u32'), await file.column('length', 'u16')];
    if (document.length !== rows || length.length !== rows || file.sectionBytes('tokens') !== 4 * rows * rowLength)
      throw corrupt(`it does not hold ${rows} rows`);
    const documents = named ? parseDocuments(await file.bytes('documents', 0, file.sectionBytes('documents')), corrupt) : [];
    if (named && (documents.length !== file.meta.documents || document.some((index) => index >= documents.length))) throw corrupt('a row names no document');
    return {
      rows,
      rowLength,
      bos,
      tokenCount: tokens,
      documents,
      document,
      length,
      tokens: (first, count) => file.column('tokens', 'i32', first * rowLength, count * rowLength),
      verify: () => file.verify(),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function parseDocuments(bytes: Uint8Array, corrupt: (what: string, cause?: unknown) => AppError): StoredDocument[] {
  try {
    return Buffer.from(bytes)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [key, split] = documentSchema.parse(JSON.parse(line));
        return { key, split };
      });
  } catch (cause) {
    throw corrupt('its list of documents is unreadable', cause);
  }
}
