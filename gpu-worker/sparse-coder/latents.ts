/** The active latents of some tokens: indices and values [tokens, k], row-major. A value of 0 marks an empty place. */
export interface Latents {
  indices: Int32Array;
  values: Float32Array;
  k: number;
}

/**
 * Latents from a list of (token, latent) places in order of token: k is the largest number that any token has, at
 * least 1. `places` [2, n]: tokens, then latents; `values` [n].
 */
export function latentsFromList(places: Int32Array, values: Float32Array, tokens: number): Latents {
  const n = values.length;
  const counts = new Int32Array(tokens);
  for (let i = 0; i < n; i++) counts[places[i]!]!++;
  const k = counts.reduce((most, count) => Math.max(most, count), 1);
  const indices = new Int32Array(tokens * k);
  const out = new Float32Array(tokens * k);
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    const token = places[i]!;
    const at = token * k + counts[token]!++;
    indices[at] = places[n + i]!;
    out[at] = values[i]!;
  }
  return { indices, values: out, k };
}
