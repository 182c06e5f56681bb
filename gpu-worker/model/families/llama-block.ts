import type { Activation, AttentionSpec, DecoderSpec, LayerSpec, LinearSpec, NormSpec } from '#gpu-worker/model/decoder-spec.ts';

/** The sizes and options that the Llama line of families (Llama, Mistral, Qwen, Gemma) shares. */
export interface LlamaShape {
  dModel: number;
  mlpWidth: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  eps: number;
  activation: Activation;
  bias?: { qkv?: boolean; output?: boolean; mlp?: boolean };
  onePlusNorm?: boolean;
  qkNorm?: boolean;
}

/** A linear layer as PyTorch keeps it. */
export function linear(name: string, inputs: number, outputs: number, bias: boolean): LinearSpec {
  return { weight: `${name}.weight`, inputs, outputs, layout: 'out_in', ...(bias ? { bias: `${name}.bias` } : {}) };
}

export function rmsNorm(shape: LlamaShape, name: string, size = shape.dModel): NormSpec {
  return { kind: 'rms', size, weight: `${name}.weight`, eps: shape.eps, ...(shape.onePlusNorm ? { onePlus: true } : {}) };
}

/** Block N with the tensor names of Llama; `attention` adds what differs between layers (window, rope, soft cap, scale). */
export function llamaBlock(shape: LlamaShape, layer: number, attention: Pick<AttentionSpec, 'window' | 'rope' | 'softcap'> & { scale?: number }): LayerSpec {
  const at = `layers.${layer}`;
  const { dModel, heads, kvHeads, headDim, bias = {} } = shape;
  return {
    attention: {
      heads,
      kvHeads,
      headDim,
      input: {
        kind: 'separate',
        q: linear(`${at}.self_attn.q_proj`, dModel, heads * headDim, bias.qkv ?? false),
        k: linear(`${at}.self_attn.k_proj`, dModel, kvHeads * headDim, bias.qkv ?? false),
        v: linear(`${at}.self_attn.v_proj`, dModel, kvHeads * headDim, bias.qkv ?? false),
      },
      output: linear(`${at}.self_attn.o_proj`, heads * headDim, dModel, bias.output ?? false),
      ...(shape.qkNorm ? { qNorm: rmsNorm(shape, `${at}.self_attn.q_norm`, headDim), kNorm: rmsNorm(shape, `${at}.self_attn.k_norm`, headDim) } : {}),
      ...attention,
      scale: attention.scale ?? headDim ** -0.5,
    },
    mlp: {
      up: linear(`${at}.mlp.up_proj`, dModel, shape.mlpWidth, bias.mlp ?? false),
      gate: linear(`${at}.mlp.gate_proj`, dModel, shape.mlpWidth, bias.mlp ?? false),
      down: linear(`${at}.mlp.down_proj`, shape.mlpWidth, dModel, bias.mlp ?? false),
      activation: shape.activation,
    },
    attentionNorm: rmsNorm(shape, `${at}.input_layernorm`),
    mlpNorm: rmsNorm(shape, `${at}.post_attention_layernorm`),
    residual: 'sequential',
  };
}

/** The parts of a decoder that the Llama line shares. */
export function llamaDecoder(
  shape: LlamaShape,
  config: { num_hidden_layers: number; vocab_size: number; max_position_embeddings: number },
  block: (layer: number) => LayerSpec,
): Pick<DecoderSpec, 'nLayers' | 'dModel' | 'vocabSize' | 'contextLength' | 'prefixes' | 'embedding' | 'layers' | 'finalNorm'> {
  return {
    nLayers: config.num_hidden_layers,
    dModel: shape.dModel,
    vocabSize: config.vocab_size,
    contextLength: config.max_position_embeddings,
    prefixes: ['model.', ''],
    embedding: { tokens: 'embed_tokens.weight' },
    layers: Array.from({ length: config.num_hidden_layers }, (_, layer) => block(layer)),
    finalNorm: rmsNorm(shape, 'norm'),
  };
}
