import { AppError } from '#lib/errors/app-error.ts';
import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import type { PlainTensor } from '#gpu-worker/model/onnx.ts';
import type { CoderActivation, SparseCoder } from './coder.ts';
import { latentsFromList, type Latents } from './latents.ts';

const INT32 = 6;

/**
 * Writes the coder's encoder behind `x` [tokens, dIn] and makes its active latents outputs whose names begin with
 * `name`; `readLatents` takes them from there. A bounded activation gives k places a token; an unbounded one lists
 * exactly the active ones, however many there are, so that nothing is cut off and nothing is computed twice.
 */
export function writeEncoder(g: GraphBuilder, coder: SparseCoder, x: Value, name: string): void {
  const { activation } = coder;
  const p = preActivations(g, coder, x);
  // A damaged input or matrix must not pass for a silent latent: comparisons with NaN are false.
  g.output(`${name}.input_sum`, g.op('ReduceSum', [x], { keepdims: 0 }), 'float', []);
  if (coder.encoder) g.output(`${name}.weight_sum`, g.op('ReduceSum', [g.floatWeight(coder.encoder.tensor)], { keepdims: 0 }), 'float', []);
  if (isBounded(activation)) {
    const { indices, values } = boundedLatents(g, coder, activation, p);
    g.output(`${name}.indices`, g.op('Cast', [indices], { to: INT32 }), 'int32', ['tokens', 'k']);
    // ReLU after the selection gives the same non-zero latents as before it, on k values in place of the whole width.
    g.output(`${name}.values`, g.op('Relu', [values]), 'float', ['tokens', 'k']);
    return;
  }
  const { active, values } = thresholded(g, activation, p);
  const places = g.op('NonZero', [active]);
  g.output(`${name}.places`, g.op('Cast', [places], { to: INT32 }), 'int32', [2, 'active']);
  g.output(`${name}.values`, g.op('GatherND', [values, g.op('Transpose', [places], { perm: [1, 0] })]), 'float', ['active']);
}

/** Takes the latents of `tokens` tokens from a run's outputs. Throws AppError 'corrupt_file' when input or weights are not numbers. */
export function readLatents(outputs: Readonly<Record<string, PlainTensor>>, name: string, tokens: number, coder: SparseCoder): Latents {
  const floats = (key: string): Float32Array => {
    const data = outputs[`${name}.${key}`]?.data;
    if (!(data instanceof Float32Array)) throw new AppError('internal', `The graph gave no ${key}.`);
    return data;
  };
  if (coder.encoder && !Number.isFinite(floats('weight_sum')[0]))
    throw new AppError('corrupt_file', `The encoder of ${coder.dir} holds values that are not finite numbers: the file is damaged.`);
  if (!Number.isFinite(floats('input_sum')[0]))
    throw new AppError('corrupt_file', `The vectors given to ${coder.dir} are not all finite numbers: the model's weights are damaged.`);
  const listed = outputs[`${name}.places`];
  if (listed?.data instanceof Int32Array) return latentsFromList(listed.data, floats('values'), tokens);
  const indices = outputs[`${name}.indices`];
  if (!(indices?.data instanceof Int32Array)) throw new AppError('internal', 'The graph gave no latents.');
  return { indices: indices.data, values: floats('values'), k: indices.shape[1]! };
}

type Bounded = Extract<CoderActivation, { kind: 'topk' | 'groupmax' }>;

/** Whether at most k latents of a token are active. */
export function isBounded(activation: CoderActivation): activation is Bounded {
  return activation.kind === 'topk' || activation.kind === 'groupmax';
}

/** The k latents chosen for each token and their pre-activations (rescaled ones, when rescaling), each [tokens, k]. */
export function boundedLatents(g: GraphBuilder, coder: SparseCoder, activation: Bounded, p: Value): { indices: Value; values: Value } {
  return activation.kind === 'topk' ? largest(g, coder, p, activation) : largestOfGroups(g, p, activation.k, coder.width);
}

/** Pre-activations p of all latents, [tokens, latents]. */
export function preActivations(g: GraphBuilder, coder: SparseCoder, x: Value): Value {
  const normalised = normalise(g, coder, x);
  const { encoder, encoderBias, decoderBias } = coder;
  if (!encoder) return normalised;
  const centred = coder.centreInput && decoderBias ? g.op('Sub', [normalised, g.floatWeight(decoderBias.tensor)]) : normalised;
  const inputs = [centred, g.floatWeight(encoder.tensor)];
  if (encoderBias) inputs.push(g.floatWeight(encoderBias));
  return g.op('Gemm', inputs, { transB: encoder.layout === 'latents_first' ? 1 : 0, alpha: { float: encoder.scale } });
}

function normalise(g: GraphBuilder, coder: SparseCoder, x: Value): Value {
  const scale = inputScale(g, coder, x);
  if (scale === null) return x;
  if (coder.normalisation === 'constant_norm') return g.op('Div', [x, scale]);
  const centred = g.op('Sub', [x, g.op('ReduceMean', [x, g.int64([-1])])]);
  return g.op('Div', [centred, g.op('Add', [scale, g.float([1e-5])])]);
}

/** What a normalising coder divides its input by, [tokens, 1]: ‖x‖ / √d, or the standard deviation; null for others. */
export function inputScale(g: GraphBuilder, { normalisation, dIn }: SparseCoder, x: Value): Value | null {
  if (normalisation === 'none') return null;
  const last = g.int64([-1]);
  if (normalisation === 'constant_norm') return g.op('Div', [g.op('ReduceL2', [x, last]), g.float([Math.sqrt(dIn)])]);
  const centred = g.op('Sub', [x, g.op('ReduceMean', [x, last])]);
  return g.op('Sqrt', [g.op('Div', [g.op('ReduceSumSquare', [centred, last]), g.float([dIn - 1])])]);
}

function largest(g: GraphBuilder, coder: SparseCoder, p: Value, { k, rescale }: { k: number; rescale: boolean }): { indices: Value; values: Value } {
  const [values, indices] = g.ops('TopK', [rescale ? g.op('Mul', [p, decoderNorms(g, coder)]) : p, g.int64([k])], 2, { axis: -1, largest: 1, sorted: 1 });
  return { values: values!, indices: indices! };
}

/** The length of each latent's decoder row, [latents]: a constant that the runtime computes once. */
function decoderNorms(g: GraphBuilder, { decoder }: SparseCoder): Value {
  if (!decoder) throw new RangeError('rescaling needs a decoder');
  return g.op('ReduceL2', [g.floatWeight(decoder.tensor), g.int64([decoder.layout === 'latents_first' ? 1 : 0])], { keepdims: 0 });
}

/** The largest of each of k contiguous groups. */
function largestOfGroups(g: GraphBuilder, p: Value, k: number, width: number): { indices: Value; values: Value } {
  const size = width / k;
  const groups = g.op('Reshape', [p, g.int64([-1, k, size])]);
  const starts = g.int64(Array.from({ length: k }, (_, group) => group * size));
  return {
    values: g.op('ReduceMax', [groups, g.int64([-1])], { keepdims: 0 }),
    indices: g.op('Add', [g.op('ArgMax', [groups], { axis: -1, keepdims: 0 }), starts]),
  };
}

/** Which latents are active, bool [tokens, latents], and their values. */
export function thresholded(
  g: GraphBuilder,
  activation: Extract<CoderActivation, { kind: 'relu' | 'jumprelu' | 'gated' }>,
  p: Value,
): { active: Value; values: Value } {
  const zero = g.float([0]);
  if (activation.kind === 'relu') return { active: g.op('Greater', [p, zero]), values: p };
  if (activation.kind === 'jumprelu') {
    const { threshold, logarithmic } = activation;
    const stated = typeof threshold === 'number' ? g.float([threshold]) : g.floatWeight(threshold);
    const bound = g.op('Max', [logarithmic ? g.op('Exp', [stated]) : stated, zero]);
    return { active: g.op('Greater', [p, bound]), values: p };
  }
  const magnitude = g.op('Add', [g.op('Mul', [p, g.op('Exp', [g.floatWeight(activation.logMagnitude)])]), g.floatWeight(activation.magnitudeBias)]);
  const gate = g.op('Greater', [g.op('Add', [p, g.floatWeight(activation.gateBias)]), zero]);
  return { active: g.op('And', [gate, g.op('Greater', [magnitude, zero])]), values: magnitude };
}
