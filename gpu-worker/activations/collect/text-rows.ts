import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { blockKey } from '#lib/example/document-key.ts';
import type { Split } from '#lib/example/schema.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { cutBlocks } from '#gpu-worker/activations/cut-blocks.ts';
import { dataSetKey, writeDataSet } from '#gpu-worker/activations/data-set.ts';
import { dealDocuments } from '#gpu-worker/activations/deal-documents.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { MIN_TAIL_TOKENS, packableTokens, packRows, ROW_LENGTH } from '#gpu-worker/activations/pack-rows.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { formatConversations, readTemplate } from '#gpu-worker/model/chat-template.ts';
import { LETTERS_PER_TOKEN, type Document } from '#gpu-worker/text/document.ts';
import type { EncodedText } from '#gpu-worker/text/encode-texts.ts';
import { openEncoderPool, type EncoderPool } from '#gpu-worker/text/encoder-pool.ts';
import { duplicateClusters } from '#gpu-worker/text/near-duplicates.ts';
import type { TextSource } from '#gpu-worker/text/text-source.ts';

export interface TextRowsRequest {
  checkpoint: Checkpoint;
  bos: number;
  source: TextSource;
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
    ...(await templatePart(checkpoint.dir)),
  };
}

/** How conversations are written out. Nothing for a model that cannot: rows of conversations can never come of it. */
async function templatePart(dir: string): Promise<Record<string, string>> {
  try {
    const { template, config } = await readTemplate(dir);
    return {
      template: createHash('sha256')
        .update(JSON.stringify([template, config.bos_token ?? null, config.eos_token ?? null]))
        .digest('hex'),
    };
  } catch (error) {
    if (isAppError(error)) return {};
    throw error;
  }
}

/** Content key of those rows. */
export async function textRowsKey(request: TextRowsRequest): Promise<string> {
  return contentKey(await textRowsParts(request));
}

/** Letters a batch of documents, some tens of milliseconds of tokenising. */
const BATCH_LETTERS = 200_000;
/** Letters from which threads are worth their start. */
const THREADS_FROM = 2_000_000;

interface ChosenDocument {
  key: string;
  ids: Int32Array;
  signature: Uint32Array;
}

/**
 * Tokenises documents in the seed's order up to the budget, in worker threads where there is much; deals them to their
 * sides, near duplicates to one; packs and writes the rows, unless they are there. `breathe` is called after each
 * document with the tokens so far; it throws to end. Throws AppError 'bad_request' for a text too short to give a row.
 */
export async function writeTextRows(
  artifacts: ArtifactStore,
  key: string,
  { checkpoint, bos, source, seed, tokens: budget }: TextRowsRequest,
  breathe: (tokens: number) => Promise<void>,
): Promise<void> {
  if (await artifacts.has(dataSetKey(key))) return;
  const letters = Math.min(source.letters, budget * LETTERS_PER_TOKEN);
  const pool = await openEncoderPool(checkpoint.dir, letters < THREADS_FROM ? 0 : availableParallelism());
  const chosen: ChosenDocument[] = [];
  let total = 0;
  try {
    for await (const document of encoded(source.documents(seed), pool, checkpoint.dir)) {
      const usable = packableTokens(document.ids.length);
      if (usable === 0) continue;
      // Only what fits the budget counts when documents are dealt, so that the last, cut one does not tip the shares.
      chosen.push({ ...document, ids: document.ids.slice(0, Math.min(usable, budget - total + ROW_LENGTH)) });
      total += usable;
      await breathe(Math.min(total, budget));
      if (total >= budget) break;
    }
  } finally {
    await pool.close();
  }
  if (chosen.length === 0)
    throw new AppError(
      'bad_request',
      `The text gives no row: none of its documents has ${MIN_TAIL_TOKENS} tokens. Name another text, or another column of it.`,
      {
        field: 'text',
      },
    );
  const dealt = blocksOfOne(chosen) ?? withSides(chosen);
  const packed = packRows(
    dealt.map(({ ids }) => ids),
    bos,
    budget,
  );
  await writeDataSet(artifacts, key, packed, { rowLength: ROW_LENGTH, bos, documents: dealt.map(({ key: name, split }) => ({ key: name, split })) });
}

/** The documents tokenised, in their order, with as many batches under way as the pool takes. */
async function* encoded(documents: AsyncGenerator<Document>, pool: EncoderPool, dir: string): AsyncGenerator<ChosenDocument> {
  const underWay: Promise<ChosenDocument[]>[] = [];
  for await (const batch of batches(documents)) {
    const work = encodeBatch(batch, pool, dir);
    // Waited for in its turn; until then a failure must not count as unheard.
    work.catch(() => undefined);
    underWay.push(work);
    if (underWay.length >= pool.width) yield* await underWay.shift()!;
  }
  for (const work of underWay) yield* await work;
}

async function encodeBatch(batch: readonly Document[], pool: EncoderPool, dir: string): Promise<ChosenDocument[]> {
  const conversations = batch.flatMap(({ content }) => (typeof content === 'string' ? [] : [content]));
  const written = conversations.length === 0 ? [] : await formatConversations(dir, conversations);
  const results: EncodedText[] = await pool.encode(batch.map(({ content }) => (typeof content === 'string' ? content : written.shift()!)));
  return results.map((result, i) => ({ key: batch[i]!.key, ...result }));
}

async function* batches(documents: AsyncGenerator<Document>): AsyncGenerator<Document[]> {
  let batch: Document[] = [];
  let letters = 0;
  for await (const document of documents) {
    batch.push(document);
    letters += typeof document.content === 'string' ? document.content.length : document.content.reduce((sum, { content }) => sum + content.length, 0);
    if (letters < BATCH_LETTERS) continue;
    yield batch;
    batch = [];
    letters = 0;
  }
  if (batch.length > 0) yield batch;
}

interface DealtDocument {
  key: string;
  ids: Int32Array;
  split: Split;
}

function withSides(chosen: readonly ChosenDocument[]): DealtDocument[] {
  const clusters = duplicateClusters(chosen.map(({ signature }) => signature));
  // A cluster is named by the least of its documents' keys, which stays when others are dealt with it.
  const names = new Map<number, string>();
  for (const [i, { key }] of chosen.entries()) {
    const known = names.get(clusters[i]!);
    if (known === undefined || key < known) names.set(clusters[i]!, key);
  }
  const splits = dealDocuments(chosen.map(({ ids }, i) => ({ tokens: ids.length, cluster: names.get(clusters[i]!)! })));
  return chosen.map(({ key, ids }, i) => ({ key, ids, split: splits[i]! }));
}

/** The only document as blocks, each named `<document>#<number>` wherever it is shown; null when there are several, or too little to cut. */
function blocksOfOne(chosen: readonly { key: string; ids: Int32Array }[]): DealtDocument[] | null {
  const [only] = chosen;
  const capacity = ROW_LENGTH - 1;
  const blocks = only !== undefined && chosen.length === 1 ? cutBlocks(Math.floor(only.ids.length / capacity)) : null;
  return (
    blocks && blocks.map(({ split, from, to }, i) => ({ key: blockKey(only!.key, i + 1), ids: only!.ids.subarray(from * capacity, to * capacity), split }))
  );
}
