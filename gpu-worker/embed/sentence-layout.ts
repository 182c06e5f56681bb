import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { POOLING_MODES, type PoolingMode } from './pooling-graph.ts';

/** The side of a comparison that a text stands on: some models are told which. */
export type EmbeddingSide = 'query' | 'document';
export type Prompts = Readonly<Record<EmbeddingSide, string>>;

/** How a folder in the layout of sentence-transformers turns texts into vectors, beside its encoder. */
export interface SentenceLayout {
  pooling: { modes: readonly PoolingMode[]; includePrompt: boolean };
  prompts: Prompts;
  lowerCase: boolean;
  /** Folder of the encoder and its tokenizer, the same in nearly all. */
  encoderDir: string;
  /** Tokens of a text that are read; null where the folder does not say. */
  limit: number | null;
}

const modulesSchema = z.array(z.looseObject({ type: z.string(), path: z.string().regex(/^[A-Za-z0-9_-]*$/, 'a module is a folder here') }));
// What the flags of older files mean, in the order in which their vectors are joined.
const FLAGS: readonly [string, PoolingMode][] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  ['pooling_mode_lasttoken', 'lasttoken'],
];
const mode = z.enum(POOLING_MODES);
const poolingSchema = z.looseObject({ pooling_mode: z.union([mode, z.array(mode).min(1)]).optional(), include_prompt: z.boolean().default(true) });
const encoderSchema = z.looseObject({ max_seq_length: z.number().int().min(2).nullish(), do_lower_case: z.boolean().nullish() });
const promptsSchema = z.looseObject({ prompts: z.record(z.string(), z.string().nullable()).nullish() });
const tokenizerSchema = z.looseObject({ model_max_length: z.number().nullish() });
/** Tokenizers write 10³⁰ for "no limit". */
const NO_LIMIT = 2 ** 30;

/**
 * Reads `modules.json` and the files it names. What stands before a text is, as in sentence-transformers, the prompt
 * `query` for a query and `document`, `passage` or `corpus` for a document, where the folder has one. Throws
 * AppError 'unsupported' for modules other than Transformer, Pooling, Normalize, and 'invalid_config'.
 */
export async function readSentenceLayout(dir: string): Promise<SentenceLayout> {
  const modules = await read(modulesSchema, join(dir, 'modules.json'));
  const kinds = modules.map(({ type }) => type.split('.').at(-1));
  // Vectors are compared by their angle, so that it changes nothing whether the model brings them to unit length.
  if (!['Transformer,Pooling', 'Transformer,Pooling,Normalize'].includes(kinds.join()))
    throw new AppError('unsupported', `${dir} is built of ${kinds.join(', ')}; an embedder of Transformer, Pooling and Normalize is supported.`);
  const encoderDir = join(dir, modules[0]!.path);
  const encoder = await readIfThere(encoderSchema, join(encoderDir, 'sentence_bert_config.json'));
  const tokenizer = await readIfThere(tokenizerSchema, join(encoderDir, 'tokenizer_config.json'));
  const pooling = await read(poolingSchema, join(dir, modules[1]!.path, 'config.json'));
  const named = pooling.pooling_mode ?? FLAGS.flatMap(([flag, mode]) => (pooling[flag] === true ? mode : []));
  const modes = typeof named === 'string' ? [named] : named;
  if (modes.length === 0) throw new AppError('invalid_config', `${join(dir, modules[1]!.path, 'config.json')} names no pooling.`, { field: 'pooling_mode' });
  const limit = encoder?.max_seq_length ?? tokenizer?.model_max_length ?? null;
  return {
    pooling: { modes, includePrompt: pooling.include_prompt },
    prompts: await readPrompts(join(dir, 'config_sentence_transformers.json')),
    encoderDir,
    lowerCase: encoder?.do_lower_case ?? false,
    limit: limit === null || limit > NO_LIMIT ? null : limit,
  };
}

async function readPrompts(path: string): Promise<Prompts> {
  const prompts = (await readIfThere(promptsSchema, path))?.prompts ?? {};
  const first = (...names: string[]): string => names.map((name) => prompts[name]).find((prompt) => typeof prompt === 'string') ?? '';
  return { query: first('query'), document: first('document', 'passage', 'corpus') };
}

async function readIfThere<T extends z.ZodType>(schema: T, path: string): Promise<z.infer<T> | null> {
  const found = await stat(path).catch(() => null);
  return found === null ? null : read(schema, path);
}

async function read<T extends z.ZodType>(schema: T, path: string): Promise<z.infer<T>> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new AppError('invalid_config', `${path}, which a sentence embedder has, cannot be read: ${errorMessage(cause)}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_config', `${path} is not what a sentence embedder has: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`, {
    cause: parsed.error,
  });
}
