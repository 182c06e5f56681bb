import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { refuseLinksOut } from '#gpu-worker/model/links.ts';
import { GraphBuilder } from '#gpu-worker/model/onnx-graph.ts';
import { openSession, type Session } from '#gpu-worker/model/onnx.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { openWeights } from '#gpu-worker/model/weights.ts';
import { writeEncoder } from './encoder-graph.ts';
import { encoderInputs } from './encoder-inputs.ts';
import { bindEncoder, mostTokens, type EncoderSpec } from './encoder-spec.ts';
import { encoderSpec } from './families/registry.ts';
import { writePooling } from './pooling-graph.ts';
import { readSentenceLayout, type EmbeddingSide, type Prompts } from './sentence-layout.ts';

/** Turns texts into unit vectors whose inner product is their cosine similarity. */
export interface Embedder {
  /** Name and revision: vectors of different ids must not be compared. */
  id: string;
  /** Host of the endpoint that embeds; null: this process does. */
  endpoint: string | null;
  /**
   * What a query's vector is kept under: `id` itself unless the model is told that a text is a query, as the same text
   * then has another vector on that side. A query's vector and a document's are compared across the two.
   */
  queryId: string;
  dimensions: number;
  /** `texts` in any number, documents unless said otherwise; result [texts, dimensions], row-major, each of length 1. */
  embed(texts: readonly string[], side?: EmbeddingSide): Promise<Float32Array>;
  close(): Promise<void>;
}

// Large enough to fill the cores with matrix products, small enough that a layer's hidden stays in the cache.
const BATCH_TOKENS = 2048;

const configSchema = z.record(z.string(), z.unknown());

/**
 * Opens a sentence embedder in the layout of sentence-transformers: an encoder of a supported family with the pooling,
 * prompts and limit of its own files. What `tokenizer.json` says about cutting and padding is ignored.
 *
 * @param options.prompts put before texts in place of the folder's own
 * @throws AppError 'unsupported' for another architecture or module, and what reading a checkpoint throws
 */
export async function openEmbedder(folder: string, options: { threads?: number; prompts?: Partial<Prompts> } = {}): Promise<Embedder> {
  const dir = resolve(folder);
  await refuseLinksOut(dir);
  const layout = await readSentenceLayout(dir);
  const { encoderDir } = layout;
  const where = join(encoderDir, 'config.json');
  const raw = await readConfig(where);
  const spec = encoderSpec(raw, where);
  const weights = await openWeights(encoderDir);
  const g = new GraphBuilder();
  const dimensions = layout.pooling.modes.length * spec.dModel;
  const pooled = writePooling(g, layout.pooling.modes, writeEncoder(g, spec, bindEncoder(spec, weights.tensors, encoderDir)));
  g.output('embedding', g.op('LpNormalization', [pooled], { axis: -1, p: 2 }), 'float', ['texts', dimensions]);
  const session = await openSession(g.build(), { threads: options.threads });
  const tokenizer = await openTokenizer(encoderDir);
  const limit = Math.min(layout.limit ?? Infinity, mostTokens(spec));
  const prompts = { ...layout.prompts, ...options.prompts };
  const encode = (text: string): Int32Array => cut(tokenizer.encodeWithSpecials(layout.lowerCase ? text.toLowerCase() : text), limit);
  const notPooled = (prompt: string): number => {
    if (layout.pooling.includePrompt || prompt === '') return 0;
    // What opens a text counts as the prompt's, what closes one does not.
    const [whole, bare] = [encode(prompt), tokenizer.encode(prompt)];
    return whole.at(-1) === bare.at(-1) ? whole.length : whole.length - 1;
  };
  const { pooling, lowerCase } = layout;
  // Nothing is added for the commonest kind, so that vectors made before there were others are still known.
  const kind = JSON.stringify({ pooling, prompts, lowerCase });
  const plain = JSON.stringify({ pooling: { modes: ['mean'], includePrompt: true }, prompts: { query: '', document: '' }, lowerCase: false });
  const texts = [JSON.stringify(raw), String(limit), await readFile(join(encoderDir, 'tokenizer.json'), 'utf8'), ...(kind === plain ? [] : [kind])];
  const revision = await fingerprint(texts, weights.tensors.values());
  const id = `${basename(dir)}@${revision.slice(0, 16)}`;
  return {
    id,
    endpoint: null,
    queryId: prompts.query === prompts.document ? id : `${id}?query`,
    dimensions,
    embed: (texts, side = 'document') => {
      const prompt = prompts[side];
      const ids = texts.map((text) => encode(prompt + text));
      return embedTokens(session, spec, ids, notPooled(prompt), dimensions);
    },
    close: () => session.release(),
  };
}

async function readConfig(path: string): Promise<z.infer<typeof configSchema>> {
  try {
    return configSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new AppError('invalid_config', `${path}, which a sentence embedder has, cannot be read: ${errorMessage(cause)}`, { cause });
  }
}

/** At most `limit` tokens: the last one, which closes a text, stays. */
function cut(ids: Int32Array, limit: number): Int32Array {
  if (ids.length <= limit) return ids;
  const kept = ids.slice(0, limit);
  kept[limit - 1] = ids[ids.length - 1]!;
  return kept;
}

async function embedTokens(session: Session, spec: EncoderSpec, texts: readonly Int32Array[], notPooled: number, dimensions: number): Promise<Float32Array> {
  const out = new Float32Array(texts.length * dimensions);
  // Texts of like length go together, so that hardly any padding is computed.
  const order = texts.map((_, i) => i).sort((a, b) => texts[b]!.length - texts[a]!.length);
  for (let start = 0; start < order.length;) {
    const length = texts[order[start]!]!.length;
    const batch = order.slice(start, start + Math.max(1, Math.floor(BATCH_TOKENS / length)));
    const inputs = encoderInputs(
      spec,
      session.inputNames,
      batch.map((text) => texts[text]!),
      notPooled,
    );
    const { embedding } = await session.run(inputs);
    if (!(embedding?.data instanceof Float32Array)) throw new AppError('internal', 'The embedder gave no vectors.');
    for (const [row, text] of batch.entries()) out.set(embedding.data.subarray(row * dimensions, (row + 1) * dimensions), text * dimensions);
    start += batch.length;
  }
  return out;
}
