import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { GraphBuilder } from '#gpu-worker/model/onnx-graph.ts';
import { openSession, type Session } from '#gpu-worker/model/onnx.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { openWeights } from '#gpu-worker/model/weights.ts';
import { writeSentenceEncoder } from './bert-graph.ts';
import { bertSpec, bindBert } from './bert-spec.ts';

/** Turns texts into unit vectors whose inner product is their cosine similarity. */
export interface Embedder {
  /** Name and revision: vectors of different ids must not be compared. */
  id: string;
  dimensions: number;
  /** `texts` in any number; result [texts, dimensions], row-major, each of length 1. */
  embed(texts: readonly string[]): Promise<Float32Array>;
  close(): Promise<void>;
}

// Large enough to fill the cores with matrix products, small enough that a layer's hidden stays in the cache.
const BATCH_TOKENS = 2048;

const modulesSchema = z.array(z.looseObject({ type: z.string() }));
const poolingSchema = z.looseObject({ pooling_mode_mean_tokens: z.literal(true) });
const limitSchema = z.looseObject({ max_seq_length: z.number().int().min(2) });
const MODULES = ['Transformer', 'Pooling', 'Normalize'];

/**
 * Opens a sentence embedder in the sentence-transformers layout: a BERT encoder, mean pooling, L2 norm. Texts are cut at
 * the limit of `sentence_bert_config.json`; what `tokenizer.json` says about cutting and padding is ignored. Throws
 * AppError 'unsupported' for another architecture or pooling, and what reading a checkpoint throws.
 */
export async function openEmbedder(folder: string, options: { threads?: number } = {}): Promise<Embedder> {
  const dir = resolve(folder);
  const read = async <T extends z.ZodType>(schema: T, ...path: string[]): Promise<z.infer<T>> => {
    const file = join(dir, ...path);
    try {
      return schema.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch (cause) {
      throw new AppError('invalid_config', `${file} is missing or not what an embedder with mean pooling has: ${errorMessage(cause)}`, { cause });
    }
  };
  const modules = (await read(modulesSchema, 'modules.json')).map(({ type }) => type.split('.').at(-1));
  if (modules.join() !== MODULES.join())
    throw new AppError('unsupported', `${dir} is built of ${modules.join(', ')}; an embedder of ${MODULES.join(', ')} is supported.`);
  await read(poolingSchema, '1_Pooling', 'config.json');
  const raw = await read(z.record(z.string(), z.unknown()), 'config.json');
  const spec = bertSpec(raw, join(dir, 'config.json'));
  const { max_seq_length: limit } = await read(limitSchema, 'sentence_bert_config.json');
  const weights = await openWeights(dir);
  const g = new GraphBuilder();
  g.output('embedding', writeSentenceEncoder(g, spec, bindBert(spec, weights.tensors, dir)), 'float', ['texts', spec.dModel]);
  const session = await openSession(g.build(), options);
  const tokenizer = await openTokenizer(dir);
  const revision = await fingerprint([JSON.stringify(raw), String(limit), await readFile(join(dir, 'tokenizer.json'), 'utf8')], weights.tensors.values());
  return {
    id: `${basename(dir)}@${revision.slice(0, 16)}`,
    dimensions: spec.dModel,
    embed: async (texts) => {
      const ids = texts.map((text) => cut(tokenizer.encodeWithSpecials(text), Math.min(limit, spec.maxPositions)));
      return embedTokens(session, ids, spec.dModel);
    },
    close: () => session.release(),
  };
}

/** At most `limit` tokens: the last one, which closes a text, stays. */
function cut(ids: Int32Array, limit: number): Int32Array {
  if (ids.length <= limit) return ids;
  const kept = ids.slice(0, limit);
  kept[limit - 1] = ids[ids.length - 1]!;
  return kept;
}

async function embedTokens(session: Session, texts: readonly Int32Array[], dimensions: number): Promise<Float32Array> {
  const out = new Float32Array(texts.length * dimensions);
  // Texts of like length go together, so that hardly any padding is computed.
  const order = texts.map((_, i) => i).sort((a, b) => texts[b]!.length - texts[a]!.length);
  for (let start = 0; start < order.length;) {
    const length = texts[order[start]!]!.length;
    const batch = order.slice(start, start + Math.max(1, Math.floor(BATCH_TOKENS / length)));
    const ids = new Int32Array(batch.length * length);
    const mask = new Float32Array(batch.length * length);
    batch.forEach((text, row) => {
      ids.set(texts[text]!, row * length);
      mask.fill(1, row * length, row * length + texts[text]!.length);
    });
    const shape = [batch.length, length];
    const { embedding } = await session.run({ input_ids: { data: ids, shape }, mask: { data: mask, shape } });
    if (!(embedding?.data instanceof Float32Array)) throw new AppError('internal', 'The embedder gave no vectors.');
    for (const [row, text] of batch.entries()) out.set(embedding.data.subarray(row * dimensions, (row + 1) * dimensions), text * dimensions);
    start += batch.length;
  }
  return out;
}
