import { expect, test } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { decodeFloat16, encodeFloat16, float16Values } from './float16.ts';

const bytesOf = (bits: number): Uint8Array => Uint8Array.of(bits & 255, bits >>> 8);

test('agrees with the values IEEE 754 tabulates', () => {
  const table: [number, number][] = [
    [0x0000, 0],
    [0x3c00, 1],
    [0x3c01, 1.0009765625],
    [0xc000, -2],
    [0x7bff, 65_504],
    [0x0400, 2 ** -14],
    [0x03ff, 0.00006097555160522461],
    [0x0001, 2 ** -24],
    [0x3555, 0.333251953125],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ];
  for (const [bits, value] of table) {
    expect(decodeFloat16(bytesOf(bits))[0]).toBe(value);
    expect(encodeFloat16(Float32Array.of(value))).toEqual(bytesOf(bits));
  }
  expect(decodeFloat16(bytesOf(0x7e01))[0]).toBeNaN();
  expect(decodeFloat16(encodeFloat16(Float32Array.of(NaN)))[0]).toBeNaN();
  expect(Object.is(decodeFloat16(bytesOf(0x8000))[0], -0)).toBe(true);
});

test('every finite half survives the way there and back', () => {
  const table = float16Values();
  for (let bits = 0; bits < 65_536; bits++) {
    if (((bits >>> 10) & 31) === 31) continue;
    const [low, high] = encodeFloat16(Float32Array.of(table[bits]!));
    expect(low! | (high! << 8)).toBe(bits);
  }
});

test('rounds to the nearest half, ties to even, against a search through all halves', () => {
  const finite = [...new Set(Array.from(float16Values()).filter(Number.isFinite))].sort((a, b) => a - b);
  const rng = rngFor('float16');
  const samples = Array.from({ length: 3000 }, () => Math.fround((rng.next() - 0.5) * 2 ** (rng.int(44) - 27)));
  for (const x of samples) {
    const at = finite.findIndex((value) => value >= x);
    if (at <= 0) continue;
    const [below, above] = [finite[at - 1]!, finite[at]!];
    const got = decodeFloat16(encodeFloat16(Float32Array.of(x)))[0]!;
    const nearest = x - below < above - x ? below : above;
    if (x - below === above - x) expect([below, above]).toContain(got);
    else expect(got + 0).toBe(nearest + 0);
  }
  expect(decodeFloat16(encodeFloat16(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11)))).toEqual(Float32Array.of(1, 1 + 2 ** -9));
  expect(decodeFloat16(encodeFloat16(Float32Array.of(65_519.996, 65_520, 2 ** -25, 2 ** -25 * 1.001)))).toEqual(Float32Array.of(65_504, Infinity, 0, 2 ** -24));
});

test('refuses half a number', () => {
  expect(() => decodeFloat16(new Uint8Array(3))).toThrow(RangeError);
});
