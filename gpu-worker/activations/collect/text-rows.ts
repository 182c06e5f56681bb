import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Split } from '#lib/example/schema.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { cutBlocks } from '#gpu-worker/activations/cut-blocks.ts';
import { dataSetKey, writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { dealDocuments, documentOrder } from '#gpu-worker/activations/deal-documents.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { packableTokens, packRows, ROW_LENGTH } from '#gpu-worker/activations/pack-rows.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import type { TextSourceContent } from '#gpu-worker/text/documents.ts';

export interface TextRowsRequest {
  checkpoint: Checkpoint;
  bos: number;
  source: TextSourceContent;
  seed: number;
  /** Budget: rows are packed until it is reached. */
  tokens: number;
}

/** What determines the rows of a text. */
export async function textRowsParts({ checkpoint, source, seed, tokens }: TextRowsRequest): Promise<Record<string, string | number>> {
  const tokenizer = createHash('sha256').update(await readFile(path.join(checkpoint.dir, 'tokenizer.json')));
  return {
    version: ALGORITHM_VERSIONS.rows,
    model: checkpoint.revision,
    tokenizer: tokenizer.digest('hex'),
    text: source.revision,
    seed,
    tokens,
    rowLength: ROW_LENGTH,
  };
}

/** Content key of those rows. */
export async function textRowsKey(request: TextRowsRequest): Promise<string> {
  return contentKey(await textRowsParts(request));
}

/** Tokenises documents in the seed's order up to the budget, deals them to their sides, packs and writes the rows, unless they are there. `breathe` is called after each document with the tokens so far; it throws to end. */
export async function writeTextRows(
  artifacts: ArtifactStore,
  key: string,
  { checkpoint, bos, source: { documents }, seed, tokens: budget }: TextRowsRequest,
  breathe: (tokens: number) => Promise<void>,
): Promise<void> {
  if (await artifacts.has(dataSetKey(key))) return;
  const tokenizer = await openTokenizer(checkpoint.dir);
  const chosen: { key: string; ids: Int32Array; cluster: string }[] = [];
  let total = 0;
  for (const index of documentOrder(documents.length, seed)) {
    if (total >= budget) break;
    const { key: name, text } = documents[index] as { key: string; text: string };
    const ids = tokenizer.encode(text);
    const usable = packableTokens(ids.length);
    if (usable === 0) continue;
    // Only what fits the budget counts when documents are dealt, so that the last, cut one does not tip the shares.
    chosen.push({
      key: name,
      ids: ids.subarray(0, Math.min(usable, budget - total + ROW_LENGTH)),
      cluster: createHash('sha256').update(text.trim()).digest('hex'),
    });
    total += usable;
    await breathe(Math.min(total, budget));
  }
  const dealt = blocksOfOne(chosen) ?? withSides(chosen);
  const packed = packRows(
    dealt.map(({ ids }) => ids),
    bos,
    budget,
  );
  await writeDataSet(artifacts, key, packed, { rowLength: ROW_LENGTH, bos, documents: dealt.map(({ key: name, split }) => ({ key: name, split })) });
}

interface DealtDocument {
  key: string;
  ids: Int32Array;
  split: Split;
}

function withSides(chosen: readonly { key: string; ids: Int32Array; cluster: string }[]): DealtDocument[] {
  const splits = dealDocuments(chosen.map(({ key, ids, cluster }) => ({ key, tokens: ids.length, cluster })));
  return chosen.map(({ key, ids }, i) => ({ key, ids, split: splits[i]! }));
}

/** The only document as blocks, each named `<document>#<number>` wherever it is shown; null when there are several, or too little to cut. */
function blocksOfOne(chosen: readonly { key: string; ids: Int32Array }[]): DealtDocument[] | null {
  const [only] = chosen;
  const capacity = ROW_LENGTH - 1;
  const blocks = only !== undefined && chosen.length === 1 ? cutBlocks(Math.floor(only.ids.length / capacity)) : null;
  return blocks && blocks.map(({ split, from, to }, i) => ({ key: `${only!.key}#${i + 1}`, ids: only!.ids.subarray(from * capacity, to * capacity), split }));
}
