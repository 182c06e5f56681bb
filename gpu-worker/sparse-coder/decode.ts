import { readFloats } from '#gpu-worker/model/safetensors.ts';
import type { SparseCoder } from './coder.ts';
import type { Latents } from './latents.ts';

/** Reconstructs tokens from their latents and (for a skip path or a normalisation) the input [tokens, dIn]; result [tokens, dOut]. */
export type Decode = (latents: Latents, input: Float32Array) => Float32Array;

/**
 * Loads the coder's decoder: Σ aᵢ W_dec[i] + b_dec, the input's normalisation taken back where the coder does that,
 * plus the skip path where there is one. Sums are accumulated in float64.
 */
export async function openDecoder(coder: SparseCoder): Promise<Decode> {
  const { dIn, dOut, width, decoder, decoderBias } = coder;
  const weights = decoder ? await readFloats(decoder.tensor) : null;
  const [latentStride, outStride] = decoder?.layout === 'latents_last' ? [1, width] : [dOut, 1];
  const scale = decoder?.scale ?? 1;
  const bias = decoderBias ? (await readFloats(decoderBias.tensor)).map((value) => value * decoderBias.scale) : new Float32Array(dOut);
  const skip = coder.skip
    ? { weights: await readFloats(coder.skip.tensor), strides: coder.skip.layout === 'out_in' ? ([dIn, 1] as const) : ([1, dOut] as const) }
    : null;
  const norms = weights && coder.activation.kind === 'topk' && coder.activation.rescale ? rowNorms(weights, width, dOut, latentStride, outStride) : null;
  return ({ indices, values, k }, input) => {
    const tokens = values.length / k;
    const out = new Float32Array(tokens * dOut);
    const sum = new Float64Array(dOut);
    for (let t = 0; t < tokens; t++) {
      sum.set(bias);
      for (let j = t * k; j < (t + 1) * k; j++) {
        const latent = indices[j]!;
        const value = values[j]! * (norms ? scale / norms[latent]! : scale);
        if (value === 0) continue;
        if (!weights) sum[latent]! += value;
        else for (let d = 0, at = latent * latentStride; d < dOut; d++, at += outStride) sum[d]! += value * weights[at]!;
      }
      const x = input.subarray(t * dIn, (t + 1) * dIn);
      if (coder.undoesNormalisation) undoNormalisation(coder, x, sum);
      if (skip) for (let d = 0; d < dOut; d++) for (let i = 0; i < dIn; i++) sum[d]! += skip.weights[d * skip.strides[0] + i * skip.strides[1]]! * x[i]!;
      out.set(sum, t * dOut);
    }
    return out;
  };
}

function undoNormalisation({ normalisation, dIn }: SparseCoder, x: Float32Array, sum: Float64Array): void {
  if (normalisation === 'constant_norm') {
    const factor = Math.sqrt(x.reduce((total, value) => total + value * value, 0) / dIn);
    for (let d = 0; d < sum.length; d++) sum[d]! *= factor;
  } else if (normalisation === 'layer_norm') {
    const mean = x.reduce((total, value) => total + value, 0) / dIn;
    const deviation = Math.sqrt(x.reduce((total, value) => total + (value - mean) ** 2, 0) / (dIn - 1));
    for (let d = 0; d < sum.length; d++) sum[d] = sum[d]! * deviation + mean;
  }
}

function rowNorms(weights: Float32Array, width: number, dOut: number, latentStride: number, outStride: number): Float64Array {
  return Float64Array.from({ length: width }, (_, latent) => {
    let squares = 0;
    for (let d = 0; d < dOut; d++) squares += weights[latent * latentStride + d * outStride]! ** 2;
    return Math.sqrt(squares);
  });
}
