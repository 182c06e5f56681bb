import { float16Values, halfOf } from '#lib/bytes/float16.ts';

/**
 * Values are kept as value · 2^−exponent in half precision, one exponent a latent. It is 0 where all of a latent's
 * values are normal halves (2⁻¹⁴ to 65,504), so that halves from elsewhere come back bit for bit. Otherwise the largest
 * is brought to [2¹⁴, 2¹⁵). What comes back differs by at most 2⁻¹¹ of each value that is at least 2⁻²⁸ of the
 * latent's largest, and of a smaller one by at most 2⁻³⁸ of the largest. A value that is not 0 never becomes 0.
 */
const LARGEST_HALF = 65_504;
const SMALLEST_NORMAL = 2 ** -14;
const TARGET_EXPONENT = 14;
/** Of the largest singles, 2¹²⁷ and more. */
const LEAST_FACTOR = 2 ** -113;

/** The exponent for values whose magnitudes lie between `min` (0 apart) and `max`; 0 when there are none (max 0). */
export function halfExponent(max: number, min: number): number {
  if (max === 0 || (max <= LARGEST_HALF && min >= SMALLEST_NORMAL)) return 0;
  return binaryExponent(max) - TARGET_EXPONENT;
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** Half-precision bits of value · factor, where factor is 2^−exponent. */
export function scaledHalf(value: number, factor: number): number {
  single[0] = value * factor;
  const half = halfOf(bits[0]!);
  const magnitude = half & 0x7fff;
  if (magnitude === 0 && value !== 0) return half | 1;
  // Rounded up to 2¹²⁸ it would come back infinite; one step down is as near as the bound says.
  return magnitude === 0x7800 && factor === LEAST_FACTOR ? half - 1 : half;
}

/** The values of halves scaled by 2^−exponent. */
export function unscale(halves: Uint16Array, exponent: number): Float32Array {
  const table = float16Values();
  const unit = 2 ** exponent;
  const out = new Float32Array(halves.length);
  for (let i = 0; i < out.length; i++) out[i] = table[halves[i]!]! * unit;
  return out;
}

/** floor(log2(x)) for x > 0, exactly: Math.log2 may round up just below a power of two. */
function binaryExponent(x: number): number {
  const near = Math.floor(Math.log2(x));
  return 2 ** near > x ? near - 1 : 2 ** (near + 1) <= x ? near + 1 : near;
}
