import type { Split } from '#lib/example/schema.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import type { PackedRows } from './pack-rows.ts';
import { openRows, writeRows, type RowsFacts } from './store/rows-file.ts';
import type { StoredDocument } from './store/types.ts';

/** The tokenised rows that every stage of a run reads, with the document and the side of each row. */
export interface DataSet {
  rows: number;
  rowLength: number;
  /** The token whose positions are not stored; −1 when there is none. */
  bos: number;
  tokenCount: number;
  documents: readonly StoredDocument[];
  /** [rows, rowLength] */
  tokens: Int32Array;
  /** Document index a row. */
  document: Uint32Array;
  /** Tokens a row that count, BOS included. */
  length: Uint16Array;
}

export const dataSetKey = (key: string): string => `rows/${key}/rows.bin`;

export function writeDataSet(
  store: ArtifactStore,
  key: string,
  packed: PackedRows,
  facts: { rowLength: number; bos: number; documents: readonly StoredDocument[] },
): Promise<RowsFacts> {
  return writeRows(store, dataSetKey(key), { ...facts, pieces: [packed], documents: () => facts.documents });
}

/** Reads all of it into memory. Throws AppError `not_found` or `corrupt_file` naming the artifact. */
export async function readDataSet(store: ArtifactStore, key: string): Promise<DataSet> {
  const file = await openRows(store, dataSetKey(key));
  try {
    const { rows, rowLength, bos, tokenCount, documents, document, length } = file;
    return { rows, rowLength, bos: bos ?? -1, tokenCount, documents, document, length, tokens: await file.tokens(0, rows) };
  } finally {
    await file.close();
  }
}

/** The side of a row's document. */
export function splitOf(data: DataSet, row: number): Split {
  return (data.documents[data.document[row] as number] as { split: Split }).split;
}
