/**
 * T5's buckets of relative positions (Raffel et al., arXiv 1910.10683, §2.1), both directions: half of them for what
 * stands behind a position; of each half, half for single distances and the rest in steps that grow to `maxDistance`,
 * beyond which all distances are one.
 *
 * @returns [length, length], row i, column j: the bucket of j − i
 */
export function relativeBuckets(length: number, { buckets, maxDistance }: { buckets: number; maxDistance: number }): BigInt64Array {
  const half = buckets / 2;
  const exact = half / 2;
  // In single precision, as PyTorch has it: at a power of two the last bit decides the bucket.
  const single = Math.fround;
  const scale = single(Math.log(maxDistance / exact));
  const bucketOf = Array.from({ length }, (_, distance) => {
    if (distance < exact) return distance;
    const steps = single(single(single(Math.log(single(distance / exact))) / scale) * (half - exact));
    return Math.min(half - 1, exact + Math.trunc(steps));
  });
  const out = new BigInt64Array(length * length);
  for (let i = 0; i < length; i++) for (let j = 0; j < length; j++) out[i * length + j] = BigInt(bucketOf[Math.abs(j - i)]! + (j > i ? half : 0));
  return out;
}
