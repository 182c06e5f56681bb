import { readFloats } from '#gpu-worker/model/safetensors.ts';
import type { SparseCoder } from './coder.ts';

/** The active latents of some tokens: indices and values [tokens, k], row-major; values of 0 count for nothing. */
export interface Latents {
  indices: Int32Array;
  values: Float32Array;
  k: number;
}

/**
 * Reconstructs from latents: Σ aᵢ W_dec[i] + b_dec, plus the skip path when the coder has one. Loads the decoder once.
 * Sums are accumulated in float64.
 */
export async function openDecoder(coder: SparseCoder): Promise<(latents: Latents, input: Float32Array) => Float32Array> {
  const { dIn, dOut, width, decoder } = coder;
  const weights = await readFloats(decoder.tensor);
  const bias = await readFloats(coder.decoderBias);
  const skip = coder.skip ? await readFloats(coder.skip) : null;
  const [latentStride, outStride] = decoder.layout === 'latents_first' ? [dOut, 1] : [1, width];
  return ({ indices, values, k }, input) => {
    const tokens = values.length / k;
    const out = new Float32Array(tokens * dOut);
    const sum = new Float64Array(dOut);
    for (let t = 0; t < tokens; t++) {
      sum.set(bias);
      for (let j = t * k; j < (t + 1) * k; j++) {
        const value = values[j]!;
        if (value === 0) continue;
        const start = indices[j]! * latentStride;
        for (let d = 0; d < dOut; d++) sum[d]! += value * weights[start + d * outStride]!;
      }
      if (skip) {
        for (let d = 0; d < dOut; d++) for (let i = 0; i < dIn; i++) sum[d]! += skip[d * dIn + i]! * input[t * dIn + i]!;
      }
      out.set(sum, t * dOut);
    }
    return out;
  };
}
