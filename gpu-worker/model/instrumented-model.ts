import { AppError } from '#lib/errors/app-error.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { readLatents, writeEncoder } from '#gpu-worker/sparse-coder/encode-graph.ts';
import type { Checkpoint } from './checkpoint.ts';
import { writeDecoder } from './decoder-graph.ts';
import { INPUT, rowInputs } from './decoder-inputs.ts';
import { resolveHookpoint } from './hookpoints.ts';
import { openSession, type Device, type PlainTensor } from './onnx.ts';
import { GraphBuilder } from './onnx-graph.ts';

/** What to read: hidden states at a hookpoint, or (with a coder) the latents active there. `logits` is a hookpoint too. */
export interface Tap {
  hookpoint: string;
  coder?: SparseCoder;
}

/** Either `hidden`, or `indices` and `values` with their `k`. */
export interface TapResult {
  /** [rows, length, width], row-major. */
  hidden?: Float32Array;
  /** Latent indices [rows, length, k], row-major. */
  indices?: Int32Array;
  /** Latent activations [rows, length, k], row-major, ≥ 0; a 0 marks an empty place. */
  values?: Float32Array;
  k?: number;
}

export interface InstrumentedModel {
  dModel: number;
  /**
   * One forward pass over rows of equal length, all taps at once, in the order they were asked for. `inputIds`
   * [rows, length], row-major, without padding. Throws AppError 'bad_request' for token ids or lengths out of range
   * and 'corrupt_file' when the weights give values that are not numbers.
   */
  run(inputIds: Int32Array, rows: number, length: number): Promise<TapResult[]>;
  close(): Promise<void>;
}

/**
 * Opens a checkpoint for reading at the given taps: one graph that ends at the deepest of them, with the sparse coders'
 * encoders inside it, so that only active latents leave it. Throws AppError 'bad_request' for an unknown hookpoint and
 * 'shape_mismatch' for a coder that does not fit its hookpoint.
 */
export async function openInstrumentedModel(o: {
  checkpoint: Checkpoint;
  taps: readonly Tap[];
  threads?: number;
  device?: Device;
}): Promise<InstrumentedModel> {
  const { checkpoint, taps } = o;
  const g = new GraphBuilder();
  const decoder = writeDecoder(g, checkpoint.spec, checkpoint.tensors);
  const last = decoder.hookpoints.get(`layers.${checkpoint.nLayers - 1}`)!;
  taps.forEach((tap, i) => {
    const { name, width } = tap.hookpoint === 'logits' ? { name: 'logits', width: checkpoint.vocabSize } : resolveHookpoint(checkpoint.spec, tap.hookpoint);
    const hidden = name === 'logits' ? decoder.logits(last) : decoder.hookpoints.get(name)!;
    if (!tap.coder) {
      g.output(`${i}.hidden`, hidden, 'float', ['tokens', width]);
      return;
    }
    const { coder } = tap;
    if (coder.dIn !== width) {
      throw new AppError('shape_mismatch', `The sparse coder ${coder.dir} reads vectors of ${coder.dIn}, but ${name} of ${checkpoint.name} has ${width}.`);
    }
    writeEncoder(g, coder, hidden, `${i}`);
  });
  const session = await openSession(g.build(), { threads: o.threads, device: o.device });
  return {
    dModel: checkpoint.dModel,
    run: async (inputIds, rows, length) => {
      checkTokens(checkpoint, inputIds, rows, length);
      const inputs = rowInputs(checkpoint.spec, session.inputNames, rows, length);
      const outputs = await session.run({ ...inputs, [INPUT.ids]: { data: inputIds, shape: [rows, length] } });
      return taps.map((tap, i) => {
        if (tap.coder) return readLatents(outputs, `${i}`, rows * length, tap.coder);
        return { hidden: floats(outputs[`${i}.hidden`], checkpoint, tap.hookpoint) };
      });
    },
    close: () => session.release(),
  };
}

function checkTokens(checkpoint: Checkpoint, inputIds: Int32Array, rows: number, length: number): void {
  if (rows < 1 || length < 1 || inputIds.length !== rows * length)
    throw new AppError('bad_request', `${inputIds.length} token ids do not make ${rows} rows of ${length}.`);
  if (checkpoint.spec.embedding.positions !== undefined && length > checkpoint.contextLength) {
    throw new AppError('bad_request', `A row of ${length} tokens is longer than the model's ${checkpoint.contextLength} positions.`);
  }
  for (const id of inputIds) {
    if (id < 0 || id >= checkpoint.vocabSize) throw new AppError('bad_request', `Token id ${id} is outside the model's vocabulary of ${checkpoint.vocabSize}.`);
  }
}

function floats(tensor: PlainTensor | undefined, checkpoint: Checkpoint, hookpoint: string): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new AppError('internal', `The graph gave no values for ${hookpoint}.`);
  // A sum shows what is not finite, cheaper than testing each value.
  let sum = 0;
  for (const value of tensor.data) sum += value;
  if (!Number.isFinite(sum))
    throw new AppError('corrupt_file', `${checkpoint.name} gives values at ${hookpoint} that are not finite numbers: its weights are damaged.`);
  return tensor.data;
}
