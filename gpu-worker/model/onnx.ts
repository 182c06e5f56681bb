import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor, env, listSupportedBackends } from 'onnxruntime-node';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import type { Graph } from './onnx-graph.ts';

/** Halves travel as their bits in a Uint16Array; Uint8Array is boolean. */
export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor outside the runtime: plain typed array, row-major, with its shape. */
export interface PlainTensor {
  data: TensorData;
  shape: readonly number[];
}

/** What a graph is computed on. */
export type Device = 'cpu' | 'cuda' | 'webgpu';

export interface SessionOptions {
  /** Threads inside an operator; the runtime's own choice (one a core) when left out. */
  threads?: number;
  /** The CPU when left out. Operators that a GPU does not have are computed on the CPU. */
  device?: Device;
  /** Dimensions known beforehand by name, which lets the runtime plan its memory. */
  dimensions?: Readonly<Record<string, number>>;
}

/** A graph made ready to run. */
export interface Session {
  /** Runs the graph. Missing or misshapen inputs throw AppError 'internal'. The call occupies the thread until it is done. */
  run(inputs: Readonly<Record<string, PlainTensor>>): Promise<Record<string, PlainTensor>>;
  inputNames: readonly string[];
  release(): Promise<void>;
}

// On a CPU 16-bit weights are widened once, when the session opens; by default matrices of more than 1 GB (a large
// vocabulary's) would be left out and widened in every run.
const WIDEN_ONCE = { constant_folding_max_output_size_in_bytes: '0' };
// A GPU's memory is dearer than its time: there matrices stay 16-bit and are widened as they are used. Only small
// constants are folded, and the second optimiser that would widen 16-bit weights is off.
const KEEP_16_BIT = { constant_folding_max_output_size_in_bytes: String(2 ** 20), disable_specified_optimizers: 'FuseFp16InitializerToFp32NodeTransformer' };

/**
 * Opens a graph in onnxruntime: the only place that knows it. Weights are mapped from the files they lie in. Throws
 * AppError 'corrupt_file' when the runtime refuses the graph, which means that weights changed under it; on a GPU
 * 'unsupported', as there it may be the device, and 'out_of_memory'.
 */
export async function openSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  const { device = 'cpu' } = options;
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(graph.bytes, {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      ...(options.dimensions === undefined ? {} : { freeDimensionOverrides: options.dimensions }),
      extra: {
        session: {
          // Weights may lie in several folders, so they are named from the root of the file system.
          model_external_initializers_file_folder_path: graph.weightsRoot,
          // Threads sleep between operators: on two cores shared with the site and the database, spinning ones took
          // the time of those they waited for (1,000 tokens a second in place of 1,700 under heavy load).
          intra_op: { allow_spinning: '0' },
        },
        optimization: device === 'cpu' ? WIDEN_ONCE : KEEP_16_BIT,
      },
    });
  } catch (cause) {
    throw openFailure(cause, device);
  }
  return {
    inputNames: session.inputNames,
    run: async (inputs) => {
      const feeds: Record<string, Tensor> = {};
      for (const name of session.inputNames) {
        const input = inputs[name];
        if (!input) throw new AppError('internal', `The graph needs an input ${name}.`);
        feeds[name] = toTensor(input);
      }
      try {
        const results = await session.run(feeds);
        return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromTensor(name, tensor)]));
      } catch (cause) {
        throw runFailure(cause);
      }
    },
    release: () => session.release(),
  };
}

function openFailure(cause: unknown, device: Device): AppError {
  const message = errorMessage(cause);
  if (OUT_OF_MEMORY.test(message)) return new AppError('out_of_memory', `The model does not fit in memory: ${message}`, { cause });
  if (device !== 'cpu')
    return new AppError('unsupported', `The model cannot be opened with ATLAS_DEVICE=${device}: ${message}. Try ATLAS_DEVICE=cpu.`, {
      cause,
      field: 'ATLAS_DEVICE',
    });
  return new AppError('corrupt_file', `The runtime cannot open the model: ${message}`, { cause });
}

/** What runtimes and drivers say when a batch did not fit; there is no code to branch on. */
const OUT_OF_MEMORY = /bad_alloc|out of memory|OUT_OF_MEMORY|[Ff]ailed to allocate|not enough memory|Array buffer allocation failed/i;

function runFailure(cause: unknown): AppError {
  const message = errorMessage(cause);
  if (OUT_OF_MEMORY.test(message)) return new AppError('out_of_memory', `A batch does not fit in memory: ${message}`, { cause });
  return new AppError('internal', `The runtime failed: ${message}`, { cause });
}

/** The backends that this build of the runtime knows, whether or not the machine has what they need. */
export function runtimeBackends(): string[] {
  return listSupportedBackends().map(({ name }) => name);
}

export function runtimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

/** Where the runtime's libraries lie. */
export function runtimeFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
}

function toTensor({ data, shape }: PlainTensor): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  if (data instanceof Uint16Array) return new Tensor('float16', data, shape);
  if (data instanceof Int32Array) return new Tensor('int32', data, shape);
  if (data instanceof BigInt64Array) return new Tensor('int64', data, shape);
  return new Tensor('bool', data, shape);
}

function fromTensor(name: string, tensor: Tensor): PlainTensor {
  const { data, dims } = tensor;
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof BigInt64Array || data instanceof Uint8Array) return { data, shape: dims };
  throw new AppError('internal', `Output ${name} has type ${tensor.type}, which no graph here should give.`);
}
