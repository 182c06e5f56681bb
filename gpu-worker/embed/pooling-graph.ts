import type { GraphBuilder, Value } from '#gpu-worker/model/onnx-graph.ts';
import { ENCODER_INPUT } from './encoder-inputs.ts';

/** How a text's token vectors become one, by sentence-transformers' names. */
export const POOLING_MODES = ['cls', 'max', 'mean', 'mean_sqrt_len_tokens', 'weightedmean', 'lasttoken'] as const;
export type PoolingMode = (typeof POOLING_MODES)[number];

/** Less than any hidden state and far from the end of single precision. */
const LEAST = -1e30;

/**
 * Token vectors [texts, length, width] to one a text, [texts, modes · width], over the tokens of the input `pooled`.
 * `cls` and `lasttoken` are the first and last of them; `weightedmean` weighs the nth token of the text by n.
 */
export function writePooling(g: GraphBuilder, modes: readonly PoolingMode[], x: Value): Value {
  const mask = g.input(ENCODER_INPUT.pooled, 'float', ['texts', 'length']);
  const spread = (weights: Value): Value => g.op('Unsqueeze', [weights, g.int64([2])]);
  const over = g.int64([1]);
  const places = (): Value => g.op('CumSum', [g.op('Add', [g.op('Mul', [mask, g.float([0])]), g.float([1])]), g.int64([1], [])]);
  const mean = (weights: Value, divisor: (count: Value) => Value): Value =>
    g.op('Div', [g.op('ReduceSum', [g.op('Mul', [x, spread(weights)]), over], { keepdims: 0 }), divisor(g.op('ReduceSum', [weights, over], { keepdims: 1 }))]);
  // The one token whose place is the least, or the most, among those that count.
  const only = (place: Value): Value => {
    const chosen = g.op('Cast', [g.op('Equal', [g.op('Mul', [places(), mask]), place])], { to: 1 });
    return g.op('ReduceSum', [g.op('Mul', [x, spread(chosen)]), over], { keepdims: 0 });
  };
  const beyond = (): Value => g.op('Mul', [g.op('Sub', [g.float([1]), mask]), g.float([-LEAST])]);
  const pool = (mode: PoolingMode): Value => {
    switch (mode) {
      case 'cls':
        return only(g.op('ReduceMin', [g.op('Add', [places(), beyond()]), over], { keepdims: 1 }));
      case 'lasttoken':
        return only(g.op('ReduceMax', [g.op('Mul', [places(), mask]), over], { keepdims: 1 }));
      case 'max':
        return g.op('ReduceMax', [g.op('Sub', [x, spread(beyond())]), over], { keepdims: 0 });
      case 'mean':
        return mean(mask, (count) => count);
      case 'mean_sqrt_len_tokens':
        return mean(mask, (count) => g.op('Sqrt', [count]));
      case 'weightedmean':
        return mean(g.op('Mul', [places(), mask]), (count) => count);
    }
  };
  return modes.length === 1 ? pool(modes[0]!) : g.op('Concat', modes.map(pool), { axis: 1 });
}
