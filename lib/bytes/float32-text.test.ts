import { expect, test } from 'vitest';
import { float32ToText, textToFloat32 } from './float32-text.ts';

test('is base64 of little-endian singles', () => {
  // 1.0 is 3f800000 and −2.5 is c0200000.
  expect(float32ToText(Float32Array.of(1, -2.5))).toBe('AACAPwAAIMA=');
  expect(textToFloat32('AACAPwAAIMA=')).toEqual(Float32Array.of(1, -2.5));
});

test('there and back, also from the middle of a buffer', () => {
  const values = Float32Array.from({ length: 999 }, (_, i) => Math.sin(i));
  expect(textToFloat32(float32ToText(values.subarray(7)))).toEqual(values.slice(7));
  expect(textToFloat32('')).toEqual(new Float32Array(0));
});

test('padding may be left out; what is not whole singles in base64 is null', () => {
  expect(textToFloat32('AACAPw')).toEqual(Float32Array.of(1));
  for (const text of ['AACA', '!!!!', 'AACAPw==x', 'AACAPwAAIM']) expect(textToFloat32(text), text).toBeNull();
});
