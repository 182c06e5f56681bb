import { layerMatrices } from '#gpu-worker/model/decoder-tensors.ts';
import type { DecoderSpec } from '#gpu-worker/model/decoder-spec.ts';

/**
 * Floating-point operations for one token of rows of `length`, up to and including block `layer`: two for each weight of
 * each matrix, and of causal attention the half that is needed (scores and weighted sum over the positions seen). Norms,
 * activations and rotations are left out: under 1 % at these sizes.
 */
export function decoderOperations(spec: DecoderSpec, layer: number, length: number): number {
  return spec.layers.slice(0, layer + 1).reduce((sum, block) => {
    const matrices = layerMatrices(block).reduce((total, { inputs, outputs }) => total + 2 * inputs * outputs, 0);
    const { heads, headDim } = block.attention;
    return sum + matrices + 4 * heads * headDim * ((length + 1) / 2);
  }, 0);
}

/** The same for encoding one vector: the matrix; the selection is compared, not multiplied. */
export function encodeOperations(dIn: number, width: number): number {
  return 2 * dIn * width;
}
