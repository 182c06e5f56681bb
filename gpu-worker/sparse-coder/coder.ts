import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';

export const CODER_FORMATS = ['sparsify', 'saelens', 'gemma-scope', 'gemma-scope-2', 'llama-scope', 'neurons', 'random'] as const;
export type CoderFormat = (typeof CODER_FORMATS)[number];

/**
 * How pre-activations p become latents. `topk`: the k largest of p (times the norm of each latent's decoder row, when
 * rescaling). `groupmax`: the largest of each of k contiguous groups. `relu`: p where p > 0. `jumprelu`: p where
 * p > threshold and p > 0. `gated`: a gate p + gateBias > 0 lets (p · exp(logMagnitude) + magnitudeBias) pass.
 */
export type CoderActivation =
  | { kind: 'topk'; k: number; rescale: boolean }
  | { kind: 'groupmax'; k: number }
  | { kind: 'relu' }
  | { kind: 'jumprelu'; threshold: StoredTensor | number; logarithmic: boolean }
  | { kind: 'gated'; gateBias: StoredTensor; magnitudeBias: StoredTensor; logMagnitude: StoredTensor };

/** A matrix between vectors and latents, as its file keeps it, times `scale`; `latents_first` is [latents, d]. */
export interface CoderMatrix {
  tensor: StoredTensor;
  layout: 'latents_first' | 'latents_last';
  scale: number;
}

/** What is done to an input x of d elements first: x · √d / ‖x‖, or (x - mean) / (σ + 1e-5) with divisor d - 1. */
export type Normalisation = 'none' | 'constant_norm' | 'layer_norm';

/**
 * A sparse coder, described as data: an SAE or a transcoder of any format. Nothing but headers and small vectors has
 * been read.
 */
export interface SparseCoder {
  /** The folder it lies in; for a baseline, the text that names it. */
  dir: string;
  /** The file format it was recognised by. */
  format: CoderFormat;
  activation: CoderActivation;
  /** Latents active for a token, at most; null when the activation sets no bound. */
  k: number | null;
  /** Number of latents. */
  width: number;
  dIn: number;
  dOut: number;
  /** Where it reads, and where its reconstruction belongs, by common hookpoint names; empty when its files do not say. */
  inputHookpoints: readonly string[];
  outputHookpoints: readonly string[];
  /** Changes when its weights or its config change. */
  revision: string;
  normalisation: Normalisation;
  /** Whether decoding takes the normalisation back: SAEs do, transcoders do not. */
  undoesNormalisation: boolean;
  /** Whether the decoder's bias is subtracted from the (normalised) input before encoding. */
  centreInput: boolean;
  /** Null: the input's elements are the latents themselves (neurons). */
  encoder: CoderMatrix | null;
  encoderBias: StoredTensor | null;
  decoder: CoderMatrix | null;
  decoderBias: { tensor: StoredTensor; scale: number } | null;
  /** A linear path round the latents, from the input before anything is done to it. */
  skip: { tensor: StoredTensor; layout: 'out_in' | 'in_out' } | null;
}
