import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import type { SparseCoder } from './coder.ts';
import { boundedLatents, isBounded, inputScale, preActivations, thresholded } from './encode-graph.ts';

/**
 * What a coder's reconstruction changes by when some latents a become keep · a + value: the difference of their decoder
 * rows, [tokens, dOut]. `x` [tokens, dIn] is the coder's input, `index` int64 [m] the latents, `keep` and `value`
 * [tokens, m]. Adding it to the hidden state leaves alone what the coder does not reconstruct.
 */
export function writeLatentChange(g: GraphBuilder, coder: SparseCoder, x: Value, index: Value, keep: Value, value: Value): Value {
  const activations = chosenActivations(g, coder, x, index);
  const difference = g.op('Add', [g.op('Mul', [g.op('Sub', [keep, g.float([1])]), activations]), value]);
  const change = g.op('MatMul', [difference, decoderRows(g, coder, index)]);
  const scale = coder.undoesNormalisation ? inputScale(g, coder, x) : null;
  return scale === null ? change : g.op('Mul', [change, scale]);
}

/** Activations of the chosen latents, [tokens, m]; 0 where one is not active. */
function chosenActivations(g: GraphBuilder, coder: SparseCoder, x: Value, index: Value): Value {
  const p = preActivations(g, coder, x);
  const { activation } = coder;
  if (isBounded(activation)) {
    const { indices, values } = boundedLatents(g, coder, activation, p);
    const same = g.op('Equal', [g.op('Unsqueeze', [indices, g.int64([2])]), index]);
    const picked = g.op('Mul', [g.op('Cast', [same], { to: 1 }), g.op('Unsqueeze', [g.op('Relu', [values]), g.int64([2])])]);
    return g.op('ReduceSum', [picked, g.int64([1])], { keepdims: 0 });
  }
  const { active, values } = thresholded(g, activation, p);
  const chosen = (of: Value): Value => g.op('Gather', [of, index], { axis: 1 });
  return g.op('Mul', [chosen(values), g.op('Cast', [chosen(active)], { to: 1 })]);
}

/** Decoder rows of the chosen latents as decoding uses them, [m, dOut]. */
export function decoderRows(g: GraphBuilder, { decoder, width, activation }: SparseCoder, index: Value): Value {
  if (!decoder) return g.op('OneHot', [index, g.int64([width]), g.float([0, 1], [2])]);
  const picked = g.op('Gather', [g.weight(decoder.tensor), index], { axis: decoder.layout === 'latents_first' ? 0 : 1 });
  const widened = decoder.tensor.dtype === 'F32' ? picked : g.toFloat(picked);
  const rows = decoder.layout === 'latents_first' ? widened : g.op('Transpose', [widened], { perm: [1, 0] });
  const scaled = decoder.scale === 1 ? rows : g.op('Mul', [rows, g.float([decoder.scale])]);
  return activation.kind === 'topk' && activation.rescale ? g.op('Div', [scaled, g.op('ReduceL2', [rows, g.int64([1])])]) : scaled;
}
