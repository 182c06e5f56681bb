/** Tokens in a row, BOS included; the protocol's number (method.md §13.1). */
export const ROW_LENGTH = 256;
/** A shorter tail of a document is dropped: less than one window. */
export const MIN_TAIL_TOKENS = 32;

export interface PackedRows {
  /** [rows, rowLength], BOS first, padded with BOS at the end. */
  tokens: Int32Array;
  /** Index into the documents of each row. */
  document: Uint32Array;
  /** Tokens in each row that count, BOS included; what lies behind is padding. */
  length: Uint16Array;
  rows: number;
}

/** Tokens of a document that end up in rows: whole rows of `rowLength − 1`, and a tail when it is long enough. */
export function packableTokens(count: number, rowLength: number = ROW_LENGTH): number {
  const tail = count % (rowLength - 1);
  return tail >= MIN_TAIL_TOKENS ? count : count - tail;
}

/**
 * Packs each document into rows of BOS + (rowLength − 1) of its own tokens; a row never mixes documents. Stops after
 * the first row that brings the tokens (BOS not counted) to `budget`.
 */
export function packRows(documents: readonly Int32Array[], bos: number, budget: number, rowLength: number = ROW_LENGTH): PackedRows {
  const capacity = rowLength - 1;
  const spans: { document: number; from: number; count: number }[] = [];
  let packed = 0;
  for (const [document, ids] of documents.entries()) {
    const usable = packableTokens(ids.length, rowLength);
    for (let from = 0; from < usable && packed < budget; from += capacity) {
      const count = Math.min(capacity, usable - from);
      spans.push({ document, from, count });
      packed += count;
    }
  }
  const tokens = new Int32Array(spans.length * rowLength).fill(bos);
  const document = new Uint32Array(spans.length);
  const length = new Uint16Array(spans.length);
  spans.forEach((span, row) => {
    tokens.set((documents[span.document] as Int32Array).subarray(span.from, span.from + span.count), row * rowLength + 1);
    document[row] = span.document;
    length[row] = span.count + 1;
  });
  return { tokens, document, length, rows: spans.length };
}
