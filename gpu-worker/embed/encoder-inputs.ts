import type { PlainTensor } from '#gpu-worker/model/onnx.ts';
import type { EncoderSpec } from './encoder-spec.ts';
import { relativeBuckets } from './relative-buckets.ts';

/** Names of a sentence encoder's inputs, [texts, length] but for `buckets`, which is [length, length]. */
export const ENCODER_INPUT = {
  ids: 'input_ids',
  /** 1 for a token, 0 for padding. */
  mask: 'mask',
  /** 1 for a token that counts in pooling. */
  pooled: 'pooled',
  positions: 'positions',
  buckets: 'buckets',
} as const;

/**
 * Inputs for some texts' tokens, padded at the end to the longest, as far as they are among `wanted`. The first
 * `notPooled` tokens of each text are read, but do not count in pooling.
 */
export function encoderInputs(spec: EncoderSpec, wanted: readonly string[], texts: readonly Int32Array[], notPooled: number): Record<string, PlainTensor> {
  const length = Math.max(...texts.map((ids) => ids.length));
  const shape = [texts.length, length];
  const ids = new Int32Array(texts.length * length).fill(spec.paddingId ?? 0);
  const [mask, pooled] = [new Float32Array(ids.length), new Float32Array(ids.length)];
  const positions = new BigInt64Array(ids.length).fill(BigInt(spec.paddingId ?? 0));
  texts.forEach((text, row) => {
    const at = row * length;
    ids.set(text, at);
    mask.fill(1, at, at + text.length);
    pooled.fill(1, at + Math.min(notPooled, text.length - 1), at + text.length);
    let next = spec.firstPosition;
    // A padding token inside a text takes no position of its own.
    text.forEach((id, i) => (positions[at + i] = BigInt(id === spec.paddingId ? id : next++)));
  });
  const inputs: Record<string, PlainTensor> = {
    [ENCODER_INPUT.ids]: { data: ids, shape },
    [ENCODER_INPUT.mask]: { data: mask, shape },
    [ENCODER_INPUT.pooled]: { data: pooled, shape },
    [ENCODER_INPUT.positions]: { data: positions, shape },
  };
  if (spec.relativeBias !== null && wanted.includes(ENCODER_INPUT.buckets))
    inputs[ENCODER_INPUT.buckets] = { data: relativeBuckets(length, spec.relativeBias), shape: [length, length] };
  return inputs;
}
