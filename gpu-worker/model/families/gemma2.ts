import { z } from 'zod';
import { commonKeys, layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS, type LayerSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { Family } from './family.ts';
import { layerTypesKey, windowedLayers } from './layer-types.ts';
import { llamaBlock, llamaDecoder, rmsNorm, type LlamaShape } from './llama-block.ts';
import { ropeFrom, ropeKeys } from './rope-config.ts';

const schema = z.object({
  ...commonKeys,
  ...ropeKeys,
  ...layerTypesKey,
  hidden_size: width,
  intermediate_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  num_key_value_heads: width.default(4),
  head_dim: width.default(256),
  vocab_size: vocabulary,
  max_position_embeddings: positions.default(8192),
  rms_norm_eps: positive.default(1e-6),
  hidden_activation: z.enum(ACTIVATIONS).default('gelu_pytorch_tanh'),
  attention_bias: z.boolean().default(false),
  query_pre_attn_scalar: positive.default(256),
  sliding_window: positions.nullable().default(4096),
  // null switches a soft cap off; a missing key means the class default.
  attn_logit_softcapping: positive.nullable().default(50),
  final_logit_softcapping: positive.nullable().default(30),
});

/** Gemma 2: four norms a block, soft caps on scores and logits, a window in every other layer. */
export const gemma2: Family = {
  modelType: 'gemma2',
  describe(raw, where) {
    const config = parseConfig(schema, raw, where);
    const shape: LlamaShape = {
      dModel: config.hidden_size,
      mlpWidth: config.intermediate_size,
      heads: config.num_attention_heads,
      kvHeads: config.num_key_value_heads,
      headDim: config.head_dim,
      eps: config.rms_norm_eps,
      activation: config.hidden_activation,
      bias: { qkv: config.attention_bias, output: config.attention_bias },
      onePlusNorm: true,
    };
    const windowed = windowedLayers(config, where, (layer) => layer % 2 === 0);
    const { sliding_window: window, attn_logit_softcapping: scoreCap, final_logit_softcapping: logitCap } = config;
    return {
      ...llamaDecoder(shape, config, (layer) =>
        fourNormBlock(shape, layer, {
          rope: 'global',
          scale: config.query_pre_attn_scalar ** -0.5,
          ...(scoreCap === null ? {} : { softcap: scoreCap }),
          ...(window !== null && windowed[layer] ? { window } : {}),
        }),
      ),
      embedding: { tokens: 'embed_tokens.weight', scale: Math.sqrt(shape.dModel) },
      head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? true, ...(logitCap === null ? {} : { softcap: logitCap }) },
      ropes: { global: ropeFrom(config, { dim: shape.headDim, theta: 10_000, maxPositions: config.max_position_embeddings, where }) },
    };
  },
};

/** The block of Gemma 2 and 3: a norm before and after each of attention and MLP. */
export function fourNormBlock(shape: LlamaShape, layer: number, attention: Parameters<typeof llamaBlock>[2]): LayerSpec {
  const at = `layers.${layer}`;
  return {
    ...llamaBlock(shape, layer, attention),
    postAttentionNorm: rmsNorm(shape, `${at}.post_attention_layernorm`),
    mlpNorm: rmsNorm(shape, `${at}.pre_feedforward_layernorm`),
    postMlpNorm: rmsNorm(shape, `${at}.post_feedforward_layernorm`),
  };
}
