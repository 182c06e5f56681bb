import { z } from 'zod';
import { splitSchema, type Split } from '#lib/example/schema.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { PackedRows } from './pack-rows.ts';
import { encodeTypedFile, openTypedFile } from './typed-file.ts';

const metaSchema = z.object({
  rowLength: z.number().int().positive(),
  bos: z.number().int(),
  /** Stored tokens: BOS and padding not counted. */
  tokens: z.number().int(),
  documents: z.array(z.object({ key: z.string(), split: splitSchema })),
});

/** The tokenised rows that every stage of a run reads, with the document and the side of each row. */
export interface DataSet {
  rows: number;
  rowLength: number;
  bos: number;
  tokenCount: number;
  documents: { key: string; split: Split }[];
  /** [rows, rowLength] */
  tokens: Int32Array;
  /** Document index a row. */
  document: Uint32Array;
  /** Tokens a row that count, BOS included. */
  length: Uint16Array;
}

export const dataSetKey = (key: string): string => `rows/${key}/rows.bin`;

export async function writeDataSet(
  store: ArtifactStore,
  key: string,
  packed: PackedRows,
  facts: { rowLength: number; bos: number; documents: { key: string; split: Split }[] },
): Promise<void> {
  let tokens = 0;
  for (const length of packed.length) tokens += length - 1;
  await store.write(dataSetKey(key), encodeTypedFile({ ...facts, tokens }, { tokens: packed.tokens, document: packed.document, length: packed.length }));
}

/** Throws AppError `not_found` or `corrupt_file` naming the artifact. */
export async function readDataSet(store: ArtifactStore, key: string): Promise<DataSet> {
  const file = await openTypedFile(store, dataSetKey(key), (meta) => metaSchema.parse(meta));
  const length = (await file.read('length')) as Uint16Array;
  return {
    rows: length.length,
    rowLength: file.meta.rowLength,
    bos: file.meta.bos,
    tokenCount: file.meta.tokens,
    documents: file.meta.documents,
    tokens: (await file.read('tokens')) as Int32Array,
    document: (await file.read('document')) as Uint32Array,
    length,
  };
}

/** The side of a row's document. */
export function splitOf(data: DataSet, row: number): Split {
  return (data.documents[data.document[row] as number] as { split: Split }).split;
}
