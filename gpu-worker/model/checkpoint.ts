import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import type { DecoderSpec } from './decoder-spec.ts';
import { bindTensors, decoderTensors, type TensorLookup } from './decoder-tensors.ts';
import { familyOf } from './families/registry.ts';
import { fingerprint } from './fingerprint.ts';
import { listHookpoints, type Hookpoint } from './hookpoints.ts';
import { refuseLinksOut } from './links.ts';
import { elementCount, type Dtype } from './stored-tensor.ts';
import { openWeights } from './weights.ts';

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** A Hugging Face checkpoint in a folder, checked and described; no weight has been read. */
export interface Checkpoint {
  dir: string;
  /** The folder's name, for people. */
  name: string;
  /** `model_type`. */
  family: string;
  nLayers: number;
  dModel: number;
  vocabSize: number;
  contextLength: number;
  /** The token that begins a row, or null when the config states none. */
  bosTokenId: number | null;
  eosTokenIds: readonly number[];
  /** Number of parameters in the files, left-over tensors included. */
  parameters: number;
  /** Number type of the embedding, which speaks for the rest. */
  dtype: Dtype;
  /** Changes when the weights or the config change: see `fingerprint`. */
  revision: string;
  hookpoints(): Hookpoint[];
  spec: DecoderSpec;
  tensors: TensorLookup;
  /** Real absolute paths of the files that hold the weights. */
  weightFiles: readonly string[];
  /** Names of tensors in the files that the forward pass does not read. */
  unread: readonly string[];
}

const tokenIds = z.union([z.number().int(), z.array(z.number().int())]).nullish();
const tokensSchema = z.looseObject({ model_type: z.string(), bos_token_id: tokenIds, eos_token_id: tokenIds });

/**
 * Opens a checkpoint folder: `config.json` with `model.safetensors` or its shards. Throws AppError 'not_found',
 * 'invalid_config' (naming the key), 'forbidden' (a link out of the folder), 'unsupported', 'corrupt_file' or 'shape_mismatch' (naming the tensor).
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const dir = resolve(folder);
  await refuseLinksOut(dir);
  const where = join(dir, 'config.json');
  const text = await readConfig(where);
  const raw = parseObject(text, where);
  const tokens = tokensSchema.safeParse(raw);
  if (!tokens.success) {
    const field = tokens.error.issues[0]?.path.join('.') ?? 'model_type';
    throw new AppError('invalid_config', `${where}: ${field} ${raw[field] === undefined ? 'is missing' : 'is of the wrong kind'}.`, { field });
  }
  const spec = familyOf(tokens.data.model_type, where).describe(raw, where);
  checkSpec(spec, where);
  const weights = await openWeights(dir);
  const lookup = bindTensors(spec, weights.tensors, dir);
  const all = [...weights.tensors.values()];
  const read = new Set(decoderTensors(spec).map((name) => lookup(name).name));
  return {
    dir,
    name: basename(dir),
    family: tokens.data.model_type,
    nLayers: spec.nLayers,
    dModel: spec.dModel,
    vocabSize: spec.vocabSize,
    contextLength: spec.contextLength,
    bosTokenId: idList(tokens.data.bos_token_id)[0] ?? null,
    eosTokenIds: idList(tokens.data.eos_token_id),
    parameters: all.reduce((sum, tensor) => sum + elementCount(tensor.shape), 0),
    dtype: lookup(spec.embedding.tokens).dtype,
    revision: await fingerprint([text], all),
    hookpoints: () => listHookpoints(spec),
    spec,
    tensors: lookup,
    weightFiles: weights.files.map(({ path }) => path),
    unread: all.map(({ name }) => name).filter((name) => !read.has(name)),
  };
}

async function readConfig(path: string): Promise<string> {
  const size = await stat(path).then(
    (found) => found.size,
    (cause: unknown) => {
      throw new AppError('not_found', `${path} cannot be read: ${errorMessage(cause)}`, { cause });
    },
  );
  if (size > MAX_CONFIG_BYTES) throw new AppError('invalid_config', `${path} has ${size} bytes; a config has at most ${MAX_CONFIG_BYTES}.`);
  return readFile(path, 'utf8');
}

function parseObject(text: string, where: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid_config', `${where} is not JSON: ${errorMessage(cause)}`, { cause });
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(json);
  if (!parsed.success) throw new AppError('invalid_config', `${where} is not a JSON object.`);
  return parsed.data;
}

/** What no single key shows: numbers that do not go together. */
function checkSpec(spec: DecoderSpec, where: string): void {
  for (const { attention } of spec.layers) {
    const { heads, kvHeads, headDim, rope } = attention;
    if (heads % kvHeads !== 0)
      throw new AppError('invalid_config', `${where}: ${heads} attention heads cannot share ${kvHeads} key/value heads.`, { field: 'num_key_value_heads' });
    const rotated = rope === undefined ? 0 : 2 * Math.ceil((spec.ropes[rope]?.dim ?? 0) / 2);
    if (rotated > headDim) throw new AppError('invalid_config', `${where}: heads of ${headDim} elements cannot be rotated in pairs.`, { field: 'head_dim' });
    if (headDim < 1)
      throw new AppError('invalid_config', `${where}: ${heads} attention heads do not fit a hidden size of ${spec.dModel}.`, { field: 'num_attention_heads' });
  }
}

function idList(ids: number | number[] | null | undefined): number[] {
  return ids === null || ids === undefined ? [] : Array.isArray(ids) ? ids : [ids];
}
