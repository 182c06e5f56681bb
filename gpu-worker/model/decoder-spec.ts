/**
 * What a family says about one checkpoint: everything the graph writer needs, as data. Tensor names are given without
 * the prefix that some files put before them (`model.`, `transformer.`).
 */
export interface DecoderSpec {
  nLayers: number;
  dModel: number;
  vocabSize: number;
  /** Longest row the positions allow or the model was trained for. */
  contextLength: number;
  /** Prefixes the tensors of the decoder may carry in a file; the head's name never has one. */
  prefixes: readonly string[];
  embedding: { tokens: string; positions?: string; scale?: number };
  layers: readonly LayerSpec[];
  finalNorm: NormSpec;
  /** `tied`: the logits use the embedding matrix when the file holds no head of its own. */
  head: { weight: string; tied: boolean; softcap?: number };
  /** Rotary embeddings by name; a layer's attention says which one it uses. */
  ropes: Readonly<Record<string, RopeSpec>>;
}

export interface LayerSpec {
  attention: AttentionSpec;
  mlp: MlpSpec;
  attentionNorm: NormSpec;
  mlpNorm: NormSpec;
  /** Norms after attention and MLP, before the result is added to the stream. */
  postAttentionNorm?: NormSpec;
  postMlpNorm?: NormSpec;
  /** `parallel`: attention and MLP both read the block's input. */
  residual: 'sequential' | 'parallel';
}

export interface NormSpec {
  kind: 'layer' | 'rms';
  size: number;
  weight: string;
  bias?: string;
  eps: number;
  /** Gemma multiplies by (1 + weight). */
  onePlus?: boolean;
}

export interface LinearSpec {
  weight: string;
  bias?: string;
  inputs: number;
  outputs: number;
  /** How the file keeps the matrix: PyTorch's Linear is [out, in], GPT-2's Conv1D [in, out]. */
  layout: 'out_in' | 'in_out';
}

export interface AttentionSpec {
  heads: number;
  kvHeads: number;
  headDim: number;
  /** One matrix for each of q, k, v; or one for all: in thirds, or q, k, v head by head. */
  input: { kind: 'separate'; q: LinearSpec; k: LinearSpec; v: LinearSpec } | { kind: 'thirds' | 'by_head'; qkv: LinearSpec };
  output: LinearSpec;
  /** What scores are multiplied by before the softmax. */
  scale: number;
  softcap?: number;
  /** Tokens a position sees, itself included; all earlier ones when absent. */
  window?: number;
  rope?: string;
  qNorm?: NormSpec;
  kNorm?: NormSpec;
}

export const ACTIVATIONS = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'silu', 'relu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export interface MlpSpec {
  up: LinearSpec;
  /** With a gate the hidden is act(gate) · up, without act(up). */
  gate?: LinearSpec;
  down: LinearSpec;
  activation: Activation;
}

export interface RopeSpec {
  theta: number;
  /** Elements of a head that are rotated; an odd number is rotated as the next even one, with its own frequencies. */
  dim: number;
  scaling?:
    | { kind: 'linear'; factor: number }
    | { kind: 'dynamic'; factor: number; maxPositions: number }
    | { kind: 'llama3'; factor: number; lowFrequency: number; highFrequency: number; originalPositions: number };
}
