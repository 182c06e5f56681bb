import type { DecoderSpec } from './decoder-spec.ts';
import type { PlainTensor } from './onnx.ts';
import { ropeTable } from './rope.ts';

/** Names of a decoder graph's inputs. */
export const INPUT = {
  ids: 'input_ids',
  positions: 'positions',
  /** Mask of the layers without a window, where a mask is needed. */
  full: 'mask_full',
  window: (size: number): string => `mask_window_${size}`,
  cos: (rope: string): string => `rope_cos_${rope}`,
  sin: (rope: string): string => `rope_sin_${rope}`,
  keys: (layer: number): string => `past_keys_${layer}`,
  values: (layer: number): string => `past_values_${layer}`,
} as const;

/**
 * Inputs for whole rows of equal length, beside the tokens: positions, rotary tables and window masks, as far as they
 * are among `wanted`.
 */
export function rowInputs(spec: DecoderSpec, wanted: readonly string[], rows: number, length: number): Record<string, PlainTensor> {
  const inputs: Record<string, PlainTensor> = ropeInputs(spec, wanted, length);
  if (wanted.includes(INPUT.positions)) {
    inputs[INPUT.positions] = { data: BigInt64Array.from({ length: rows * length }, (_, i) => BigInt(i % length)), shape: [rows, length] };
  }
  for (const window of windowsOf(spec)) {
    if (wanted.includes(INPUT.window(window))) inputs[INPUT.window(window)] = { data: windowMask(length, window), shape: [length, length] };
  }
  return inputs;
}

/** The rotary tables among `wanted` for rows of up to `length` tokens. */
export function ropeInputs(spec: DecoderSpec, wanted: readonly string[], length: number): Record<string, PlainTensor> {
  const inputs: Record<string, PlainTensor> = {};
  for (const [name, rope] of Object.entries(spec.ropes)) {
    if (!wanted.includes(INPUT.cos(name))) continue;
    const { cos, sin, frequencies } = ropeTable(rope, length);
    inputs[INPUT.cos(name)] = { data: cos, shape: [length, frequencies] };
    inputs[INPUT.sin(name)] = { data: sin, shape: [length, frequencies] };
  }
  return inputs;
}

/** The different window sizes of a decoder's layers. */
export function windowsOf(spec: DecoderSpec): number[] {
  return [...new Set(spec.layers.map(({ attention }) => attention.window).filter((window) => window !== undefined))];
}

/** [length, length]: 1 where position i may look at j, i - window < j ≤ i. */
function windowMask(length: number, window: number): Uint8Array {
  const mask = new Uint8Array(length * length);
  for (let i = 0; i < length; i++) mask.fill(1, i * length + Math.max(0, i - window + 1), i * length + i + 1);
  return mask;
}
