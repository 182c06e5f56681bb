import type { RopeSpec } from './decoder-spec.ts';

/** Cosines and sines of the rotary angles, each [positions, frequencies], row-major. */
export interface RopeTable {
  cos: Float32Array;
  sin: Float32Array;
  frequencies: number;
}

/**
 * Angle per position of each frequency, in radians (Su et al., arXiv 2104.09864), for a row of `length` tokens; with
 * `dynamic` scaling the base grows with the row once it passes the trained length.
 */
export function ropeFrequencies(rope: RopeSpec, length: number): Float64Array {
  const { dim, scaling } = rope;
  let theta = rope.theta;
  if (scaling?.kind === 'dynamic' && length > scaling.maxPositions) {
    theta *= ((scaling.factor * length) / scaling.maxPositions - (scaling.factor - 1)) ** (dim / (dim - 2));
  }
  return Float64Array.from({ length: Math.ceil(dim / 2) }, (_, j) => {
    const frequency = theta ** ((-2 * j) / dim);
    if (scaling?.kind === 'linear') return frequency / scaling.factor;
    if (scaling?.kind !== 'llama3') return frequency;
    // Llama 3.1: long wavelengths are slowed by the factor, short ones kept, those between blended.
    const turns = (scaling.originalPositions * frequency) / (2 * Math.PI);
    if (turns < scaling.lowFrequency) return frequency / scaling.factor;
    if (turns > scaling.highFrequency) return frequency;
    const kept = (turns - scaling.lowFrequency) / (scaling.highFrequency - scaling.lowFrequency);
    return ((1 - kept) * frequency) / scaling.factor + kept * frequency;
  });
}

/** The table for positions 0 … length - 1 of a row of `length` tokens. */
export function ropeTable(rope: RopeSpec, length: number): RopeTable {
  const angles = ropeFrequencies(rope, length);
  const frequencies = angles.length;
  const cos = new Float32Array(length * frequencies);
  const sin = new Float32Array(length * frequencies);
  for (let position = 0; position < length; position++) {
    for (let j = 0; j < frequencies; j++) {
      cos[position * frequencies + j] = Math.cos(position * angles[j]!);
      sin[position * frequencies + j] = Math.sin(position * angles[j]!);
    }
  }
  return { cos, sin, frequencies };
}
