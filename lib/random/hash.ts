/**
 * 64-bit FNV-1a of a UTF-8 string folded to two uint32 halves: a stable, dependency-free key for seeding and for
 * dealing items into groups. Not cryptographic.
 */
export function hash64(text: string): [high: number, low: number] {
  // Two 32-bit lanes with different offsets, mixed by murmur's finaliser so that neighbouring strings spread.
  let a = 0x811c9dc5;
  let b = 0xcbf29ce4;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ ((unit << 7) | (unit >>> 9)), 0x01000197);
  }
  return [mix(a ^ text.length), mix(b ^ Math.imul(a, 0x9e3779b1))];
}

function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A number in [0, 1) that depends on the key alone. */
export function unitHash(key: string): number {
  const [high, low] = hash64(key);
  return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
}
