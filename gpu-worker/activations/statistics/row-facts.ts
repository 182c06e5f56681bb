import type { CoderActivations, StoredRows } from '#gpu-worker/activations/store/types.ts';

/** What the statistics of all latents are measured against. */
export interface RowFacts {
  rowLength: number;
  /** Tokens a window; windows tile each row without overlap, the last of a row may be shorter. */
  windowLength: number;
  /** Tokens whose activations are stored: neither masked nor padding. */
  tokens: number;
  /** Windows with at least one such token. */
  windows: number;
  /** Such tokens at each position of a row [rowLength]. */
  positionTokens: Float64Array;
  /** Null for a store without tokens. */
  text: TextFacts | null;
}

export interface TextFacts {
  /** [rows, rowLength] */
  ids: Int32Array;
  /** One more than the largest token id. */
  vocabulary: number;
  /** How often each token stands among those stored [vocabulary]. */
  occurrences: Uint32Array;
  /** Index into the documents, a row [rows]. */
  document: Uint32Array;
  documents: number;
}

/** Rows read at once. */
const ROWS_AT_ONCE = 4096;

/**
 * Counts over the rows of a store; its tokens stay in memory, four bytes each, because a latent's activations lie all over
 * them. Without rows (an import that has none) every place counts.
 */
export async function readRowFacts(rows: StoredRows | null, coder: Pick<CoderActivations, 'rows' | 'rowLength'>, windowLength: number): Promise<RowFacts> {
  const perRow = (length: number): number => Math.ceil(length / windowLength);
  if (rows === null) {
    const { rowLength } = coder;
    const positionTokens = new Float64Array(rowLength).fill(coder.rows);
    return { rowLength, windowLength, tokens: coder.rows * rowLength, windows: coder.rows * perRow(rowLength), positionTokens, text: null };
  }
  const { rowLength, bos } = rows;
  const ids = new Int32Array(rows.rows * rowLength);
  for (let first = 0; first < rows.rows; first += ROWS_AT_ONCE) {
    ids.set(await rows.tokens(first, Math.min(ROWS_AT_ONCE, rows.rows - first)), first * rowLength);
  }
  let vocabulary = 0;
  for (const id of ids) if (id >= vocabulary) vocabulary = id + 1;
  const occurrences = new Uint32Array(vocabulary);
  const positionTokens = new Float64Array(rowLength);
  let tokens = 0;
  let windows = 0;
  for (let row = 0; row < rows.rows; row++) {
    let last = -1;
    for (let position = 0; position < rows.length[row]!; position++) {
      const id = ids[row * rowLength + position]!;
      if (id === bos) continue;
      tokens++;
      occurrences[id]!++;
      positionTokens[position]!++;
      const window = Math.floor(position / windowLength);
      if (window !== last) windows++;
      last = window;
    }
  }
  const text = { ids, vocabulary, occurrences, document: rows.document, documents: rows.documents.length };
  return { rowLength, windowLength, tokens, windows, positionTokens, text };
}
