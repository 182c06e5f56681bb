import { float16Values, halfOf } from '#lib/bytes/float16.ts';
import type { Protocol } from './protocol.ts';

const LEVELS = 10;
/** Below it a maximum is taken for this (method.md §3.3). */
const LEAST_MAX = 1e-6;

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The nearest half of a number that is a single already, or rounds to one first, as arithmetic in half precision does. */
function half(x: number): number {
  single[0] = x;
  return float16Values()[halfOf(bits[0]!)]!;
}

/**
 * An activation as a whole number from 0 to 10 of the latent's maximum (method.md §3.3). `ceil`: every activation above 0
 * is at least 1. `floor`: the paper's. `ceil_half`: delphi's, where 10·a and the quotient are halves: it differs from
 * `ceil` just above whole numbers, and 10·a overflows from 6,552 on, which gives 10.
 */
export function normalised(activation: number, max: number, rule: Protocol['normalise']): number {
  const level =
    rule === 'ceil_half'
      ? Math.ceil(half(half(LEVELS * activation) / half(Math.max(max, LEAST_MAX))))
      : Math[rule]((LEVELS * activation) / Math.max(max, LEAST_MAX));
  return Math.max(0, Math.min(LEVELS, level));
}
