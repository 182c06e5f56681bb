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

/** What a single's exponent has more than a half's, and the bits of the singles from 2⁻¹⁴ to what rounds below 2¹⁵. */
const REBIAS = 112 << 23;
const NORMAL_FROM = 113 << 23;
const NORMAL_TO = (142 << 23) - 0x1000;

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** Half-precision bits of value · factor, where factor is 2^−exponent. */
export function scaledHalf(value: number, factor: number): number {
  single[0] = value * factor;
  const word = bits[0]!;
  // Above 0, a normal half, and below 2¹⁵ when rounded: nearly all, and without a branch more.
  if (word >= NORMAL_FROM && word < NORMAL_TO) return (word - REBIAS + 0xfff + ((word >>> 13) & 1)) >>> 13;
  return scaledHalfOf(value, factor, word);
}

function scaledHalfOf(value: number, factor: number, word: number): number {
  const half = halfOf(word);
  const magnitude = half & 0x7fff;
  if (magnitude === 0 && value !== 0) return half | 1;
  // Rounded up to 2¹²⁸ it would come back infinite; one step down is as near as the bound says.
  return magnitude === 0x7800 && factor === LEAST_FACTOR ? half - 1 : half;
}

/** The value of a half without its scale; for loops in which a table of all halves would leave no room in the cache. */
export function halfValue(half: number): number {
  if (half < 0x0400 || half >= 0x7c00) return float16Values()[half]!;
  bits[0] = (half << 13) + REBIAS;
  return single[0]!;
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
