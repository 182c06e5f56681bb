import { expect, test } from 'vitest';
import { bfloat16ToFloat32, float16ToFloat32 } from './half-floats.ts';

test('half precision: zeros, ones, the largest, the smallest, infinities, NaN', () => {
  const bits = Uint16Array.of(0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0xfc00, 0x7e00, 0x3555);
  expect([...float16ToFloat32(bits)]).toEqual([0, -0, 1, -2, 65504, 2 ** -24, 2 ** -14, Infinity, -Infinity, NaN, 0.333251953125]);
});

test('bfloat16 is the upper half of a single', () => {
  const singles = Float32Array.of(1, -3.140625, 2 ** 100, 0, -Infinity);
  const bits = Uint16Array.from(new Uint32Array(singles.buffer), (word) => word >>> 16);
  expect([...bfloat16ToFloat32(bits)]).toEqual([...singles]);
});
