/**
 * IEEE 754 half precision as stored in the database: little-endian, two bytes a number. Vectors of unit length lose
 * at most 2⁻¹² of a component, which moves a cosine by less than 0.0005.
 */

/** The nearest half of each number, ties to even; |x| ≥ 65,520 becomes infinite, NaN stays NaN. Result: [2n] bytes. */
export function encodeFloat16(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bits = new Uint32Array(values.slice().buffer);
  const out = new Uint8Array(values.length * 2);
  for (let i = 0; i < bits.length; i++) {
    const half = halfOf(bits[i]!);
    out[2 * i] = half & 255;
    out[2 * i + 1] = half >>> 8;
  }
  return out;
}

/** Exact single-precision values of little-endian halves. `bytes`: [2n]; throws RangeError for an odd length. */
export function decodeFloat16(bytes: Uint8Array): Float32Array {
  if (bytes.length % 2 !== 0) throw new RangeError(`float16 data has an even number of bytes, not ${bytes.length}`);
  const table = float16Values();
  const out = new Float32Array(bytes.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = table[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
  return out;
}

let values: Float32Array | undefined;

/** The value of each of the 65,536 half-precision bit patterns; made once, 256 KB. For loops that stay in 16 bits. */
export function float16Values(): Float32Array {
  if (values) return values;
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const exponent = (bits >>> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else table[bits] = exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return (values = table);
}

/** Half-precision bits of a single's bits, rounded to nearest, ties to even. */
export function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) return sign | (exponent === 143 && fraction !== 0 ? 0x7e00 : 0x7c00);
  if (exponent > 0) return sign | roundShift((exponent << 23) | fraction, 13);
  if (exponent < -10) return sign;
  return sign | roundShift(0x800000 | fraction, 14 - exponent);
}

/** n / 2^shift rounded to nearest, ties to even. A carry out of the fraction raises the exponent, as it must. */
function roundShift(n: number, shift: number): number {
  const kept = n >>> shift;
  const rest = n & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return rest > tie || (rest === tie && (kept & 1) === 1) ? kept + 1 : kept;
}
