import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import type { Split } from '#lib/example/schema.ts';
import { sha256 } from '#platform/artifacts/trailer.ts';
import { dataSetKey } from '#gpu-worker/activations/data-set.ts';
import { ALGORITHM_VERSIONS } from '#gpu-worker/activations/keys.ts';
import { bytesOf } from '#gpu-worker/activations/store/checked-file.ts';
import { writeRows, type RowsPiece } from '#gpu-worker/activations/store/rows-file.ts';
import type { StoredDocument } from '#gpu-worker/activations/store/types.ts';
import { duplicateClusters, minHashTokens } from '#gpu-worker/text/near-duplicates.ts';
import { fileSum, streamTokenRows, type TokenRowsBlock } from '#gpu-worker/model/token-rows-stream.ts';

const MAX_LENGTH = 65_535;

/** What determines the rows of a file of tokens. */
export async function tokenFileParts(file: string, bos: number | null): Promise<Record<string, string | number | null>> {
  return { version: ALGORITHM_VERSIONS.rows, token_file: await fileSum(file), bos };
}

/**
 * Writes the rows of a file of tokens, each a document of its own, near duplicates on one side (`dealRows`); unless they
 * are there. Of each row its signature is held, 544 bytes, and not its tokens.
 */
export async function writeTokenFileRows(artifacts: ArtifactStore, key: string, file: string, bos: number | null): Promise<void> {
  if (await artifacts.has(dataSetKey(key))) return;
  const blocks = streamTokenRows(file);
  const first = await blocks.next();
  if (first.done) throw new AppError('bad_request', `${file} holds no rows.`, { field: 'tokens' });
  const rowLength = first.value.length;
  if (rowLength > MAX_LENGTH)
    throw new AppError('too_large', `${file} has rows of ${rowLength} tokens; a row has at most ${MAX_LENGTH}. Cut it into more rows.`, { field: 'tokens' });
  const rowsSeen: RowSignature[] = [];
  async function* pieces(): AsyncGenerator<RowsPiece> {
    const inOrder = async function* (): AsyncGenerator<TokenRowsBlock> {
      yield (first as IteratorYieldResult<TokenRowsBlock>).value;
      yield* blocks;
    };
    for await (const { ids, rows } of inOrder()) {
      const document = Uint32Array.from({ length: rows }, (_, row) => rowsSeen.length + row);
      for (let row = 0; row < rows; row++) rowsSeen.push(rowSignature(ids.subarray(row * rowLength, (row + 1) * rowLength)));
      yield { tokens: ids, document, length: new Uint16Array(rows).fill(rowLength) };
    }
  }
  function* documents(): Generator<StoredDocument> {
    for (const [row, split] of dealRows(rowsSeen).entries()) yield { key: `row-${row}`, split };
  }
  await writeRows(artifacts, dataSetKey(key), { rowLength, bos, pieces: pieces(), documents });
}

/** What is kept of a row of tokens to deal it by. */
export interface RowSignature {
  /** By its content: equal rows have equal names. */
  name: string;
  minima: Uint32Array;
}

export const rowSignature = (ids: Int32Array): RowSignature => ({ name: sha256(bytesOf(ids)).slice(0, 32), minima: minHashTokens(ids) });

/**
 * The side of each row, each a document of its own: rows that share most runs of five tokens make a cluster, and a cluster
 * is dealt by the least of its rows' names, so that neither the order of rows nor a seed moves it.
 */
export function dealRows(rows: readonly RowSignature[]): Split[] {
  const clusters = duplicateClusters(rows.map(({ minima }) => minima));
  const names = new Map<number, string>();
  for (const [i, { name }] of rows.entries()) {
    const known = names.get(clusters[i]!);
    if (known === undefined || name < known) names.set(clusters[i]!, name);
  }
  return rows.map((_, i) => sideOf(names.get(clusters[i]!)!));
}

function sideOf(name: string): Split {
  let drawn = parseInt(name.slice(0, 12), 16) / 2 ** 48;
  for (const [split, share] of Object.entries(SPLIT_SHARES) as [Split, number][]) {
    if (drawn < share) return split;
    drawn -= share;
  }
  return 'reserve';
}
