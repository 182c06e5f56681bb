import { AppError } from '#lib/errors/app-error.ts';
import { batchSize, inBatches, readingBytes, tokenBytes } from '#gpu-worker/model/batches.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { resolveHookpoint } from '#gpu-worker/model/hookpoints.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { memoryBudget } from '#gpu-worker/model/memory-budget.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import { openSafetensors, readFloats } from '#gpu-worker/model/safetensors.ts';
import { SafetensorsSink } from '#gpu-worker/model/safetensors-sink.ts';
import { DTYPE_BYTES, type StoredTensor } from '#gpu-worker/model/stored-tensor.ts';
import type { TokenRows } from '#gpu-worker/model/token-rows.ts';
import type { SparseCoder } from './coder.ts';
import { openDecoder } from './decode.ts';
import { openEncoder } from './encoder.ts';
import { latentList } from './latent-list.ts';
import type { Latents } from './latents.ts';

export interface WriteLatentsOptions {
  coder: SparseCoder;
  /** Path of the result. */
  out: string;
  /** Whether to add the reconstruction. */
  decoded: boolean;
  metadata: Readonly<Record<string, string>>;
  threads?: number;
  device?: Device;
  /** Hears of a batch that had to be made smaller. */
  say(sentence: string): void;
}

const COLUMNS = [
  { name: 'row', dtype: 'U32' },
  { name: 'position', dtype: 'U32' },
  { name: 'latent', dtype: 'U32' },
  { name: 'value', dtype: 'F32' },
] as const;

/**
 * Writes the latents active over rows of tokens at a hookpoint: `row`, `position`, `latent` (u32) and `value` (f32),
 * one entry an active latent, sorted; with `decoded`, also the reconstruction [rows, length, dOut]. In batches of
 * bounded memory. Throws what `openInstrumentedModel` throws.
 */
export async function writeLatentsOfTokens(o: WriteLatentsOptions & { checkpoint: Checkpoint; hookpoint: string; tokens: TokenRows }): Promise<void> {
  const { checkpoint, hookpoint, coder, tokens } = o;
  const { ids, rows, length } = tokens;
  const { width } = resolveHookpoint(checkpoint.spec, hookpoint);
  const taps = [{ hookpoint, coder }, ...(o.decoded ? [{ hookpoint }] : [])];
  const bytes = tokenBytes(checkpoint.spec, length, [{ width, coder }, { width: coder.dOut }]);
  const model = await openInstrumentedModel({ checkpoint, taps, threads: o.threads, device: o.device });
  try {
    await write(o, { rows, length, tokensPerItem: length, size: batchSize(bytes * length, length, memoryBudget(o.device)) }, async (first, count) => {
      const [latents, hidden] = await model.run(ids.subarray(first * length, (first + count) * length), count, length);
      return { latents: latents as Latents, input: hidden?.hidden ?? null };
    });
  } finally {
    await model.close();
  }
}

/**
 * The same for vectors at hand: the tensor `hidden` [rows, length, dIn] of a safetensors file, read piece by piece.
 * Throws AppError 'corrupt_file' or 'shape_mismatch' when the file does not hold it.
 */
export async function writeLatentsOfVectors(o: WriteLatentsOptions & { hidden: StoredTensor }): Promise<void> {
  const { coder, hidden } = o;
  const [rows, length] = hidden.shape as [number, number, number];
  const encoder = await openEncoder(coder, { threads: o.threads, device: o.device });
  try {
    const bytes = readingBytes({ width: coder.dIn, coder });
    // Vectors do not depend on each other, so that even one endless row is cut into pieces.
    await write(o, { rows, length, tokensPerItem: 1, size: batchSize(bytes, 1, memoryBudget(o.device)) }, async (first, count) => {
      const input = await readVectors(hidden, first, count);
      return { latents: await encoder.encode(input), input };
    });
  } finally {
    await encoder.close();
  }
}

/** The tensor `hidden` of a file, checked to be [rows, length, width]. Throws AppError 'corrupt_file' or 'shape_mismatch'. */
export async function openHidden(path: string): Promise<StoredTensor> {
  const { tensors } = await openSafetensors(path);
  const hidden = tensors.get('hidden');
  if (!hidden)
    throw new AppError('corrupt_file', `${path} has no tensor hidden; it has ${[...tensors.keys()].slice(0, 8).join(', ') || 'none'}.`, { field: 'hidden' });
  if (hidden.shape.length !== 3 || hidden.shape.includes(0)) {
    throw new AppError('shape_mismatch', `${path}: tensor hidden has shape [${hidden.shape.join(', ')}]; [rows, length, width] is expected.`, {
      field: 'hidden',
    });
  }
  return hidden;
}

async function readVectors(hidden: StoredTensor, first: number, count: number): Promise<Float32Array> {
  const width = hidden.shape[2]!;
  const bytes = width * DTYPE_BYTES[hidden.dtype];
  return readFloats({ ...hidden, shape: [count, width], offset: hidden.offset + first * bytes, length: count * bytes });
}

/** Rows of tokens in pieces: items of so many tokens, `size` items at a time. */
interface Pieces {
  rows: number;
  length: number;
  tokensPerItem: number;
  size: number;
}

async function write(
  { coder, out, decoded, metadata, say }: WriteLatentsOptions,
  { rows, length, tokensPerItem, size }: Pieces,
  encode: (first: number, count: number) => Promise<{ latents: Latents; input: Float32Array | null }>,
): Promise<void> {
  const decode = decoded ? await openDecoder(coder) : null;
  const sink = await SafetensorsSink.open(out, [...COLUMNS, ...(decode ? [{ name: 'decoded', dtype: 'F32' } as const] : [])]);
  try {
    await inBatches(
      (rows * length) / tokensPerItem,
      size,
      async (first, count) => {
        const { latents, input } = await encode(first, count);
        const list = latentList(latents, first * tokensPerItem, length);
        for (const [i, { name }] of COLUMNS.entries()) await sink.append(i, list[name]);
        if (decode && input) await sink.append(COLUMNS.length, decode(latents, input));
      },
      (smaller) => say(`Out of memory: going on with ${smaller * tokensPerItem} tokens at a time.`),
    );
    await sink.finish([...COLUMNS.map(() => [-1]), ...(decode ? [[rows, length, coder.dOut]] : [])], metadata);
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}
