import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';

/** How pre-activations become latents. */
export type CoderActivation = { kind: 'topk'; k: number } | { kind: 'groupmax'; k: number };

/** A matrix with the way it lies in its file; `latents_first` is [latents, d], the other [d, latents]. */
export interface CoderMatrix {
  tensor: StoredTensor;
  layout: 'latents_first' | 'latents_last';
}

/**
 * A sparse coder on disk, described as data: an SAE or a transcoder of any format. Nothing but its headers and small
 * vectors has been read.
 */
export interface SparseCoder {
  dir: string;
  /** The file format it was recognised by. */
  format: 'sparsify';
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
  encoder: CoderMatrix;
  encoderBias: StoredTensor;
  decoder: CoderMatrix;
  decoderBias: StoredTensor;
  /** Whether the decoder's bias is subtracted from the input before encoding. */
  centreInput: boolean;
  /** [dOut, dIn]: a linear path round the latents. */
  skip?: StoredTensor;
}
