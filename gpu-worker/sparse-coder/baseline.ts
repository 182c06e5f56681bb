import { createHash } from 'node:crypto';
import { mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import { writeSafetensors } from '#gpu-worker/model/safetensors-writer.ts';
import type { SparseCoder } from './coder.ts';
import { randomOrthogonal, randomUnitRows } from './random-matrix.ts';

/** Where a baseline reads, and where the matrices it needs may be kept. */
export interface BaselineOptions {
  hookpoint: string;
  /** Width of the hookpoint. */
  dIn: number;
  /** Folder for generated matrices; a matrix is made once and found again by its parameters. */
  workDir: string;
  seed: number;
}

const NEURONS = /^neurons:(\d+)(:rotated)?$/;
const RANDOM = /^random:(\d+):(\d+)$/;
// Orthogonalising takes 4/3 n³ steps: half a minute at this width.
const MAX_ROTATION = 4096;
const MAX_LATENTS = 2 ** 26;

/** Whether a text names a baseline: `neurons:k`, `neurons:k:rotated` or `random:width:k`. */
export function isBaseline(text: string): boolean {
  return NEURONS.test(text) || RANDOM.test(text);
}

/**
 * A coder that was never trained, to compare trained ones with (the baselines of arXiv 2410.13928: top-k neurons,
 * random top-k). `neurons:k`: the k largest elements of the hidden state itself, optionally after a fixed random
 * rotation; values of zero or less count as inactive. `random:width:k`: encoder rows drawn uniformly from the unit
 * sphere, the decoder its transpose, no biases, top-k. Throws AppError 'bad_request' for a text that names none or a k
 * that does not fit, 'unsupported' for a rotation of more than 4,096 elements.
 */
export async function openBaseline(text: string, options: BaselineOptions): Promise<SparseCoder> {
  const neurons = NEURONS.exec(text);
  const random = RANDOM.exec(text);
  if (!neurons && !random)
    throw new AppError('bad_request', `${text} names no baseline; neurons:k, neurons:k:rotated and random:width:k do.`, { field: 'coder' });
  const { dIn } = options;
  const width = random ? Number(random[1]) : dIn;
  const k = Number(random ? random[2] : neurons![1]);
  if (k < 1 || k > width || width > MAX_LATENTS)
    throw new AppError('bad_request', `${text}: k must lie between 1 and the number of latents, ${width} here.`, { field: 'coder' });
  const base = {
    dir: text,
    activation: { kind: 'topk', k, rescale: false },
    k,
    width,
    dIn,
    dOut: dIn,
    inputHookpoints: [options.hookpoint],
    outputHookpoints: [options.hookpoint],
    revision: createHash('sha256')
      .update(JSON.stringify([text, dIn, options.seed]))
      .digest('hex'),
    normalisation: 'none',
    undoesNormalisation: false,
    centreInput: false,
    encoderBias: null,
    decoderBias: null,
    skip: null,
  } as const;
  if (neurons && neurons[2] === undefined) return { ...base, format: 'neurons', encoder: null, decoder: null };
  if (neurons && dIn > MAX_ROTATION)
    throw new AppError('unsupported', `A random rotation of ${dIn} neurons would take too long to make; ${MAX_ROTATION} is the most.`);
  const matrix = {
    tensor: await generated(base.revision, width, options, neurons ? randomOrthogonal : randomUnitRows),
    layout: 'latents_first',
    scale: 1,
  } as const;
  return { ...base, format: neurons ? 'neurons' : 'random', encoder: matrix, decoder: matrix };
}

async function generated(
  key: string,
  width: number,
  { dIn, seed, workDir }: BaselineOptions,
  make: (rows: number, columns: number, seed: number) => Float32Array,
) {
  await mkdir(workDir, { recursive: true });
  const file = join(await realpath(workDir), `baseline-${key}.safetensors`);
  const there = await stat(file).then(
    () => true,
    () => false,
  );
  if (!there) await writeSafetensors(file, new Map([['matrix', { shape: [width, dIn], data: make(width, dIn, seed) }]]));
  return (await openSafetensors(file)).tensors.get('matrix')!;
}
