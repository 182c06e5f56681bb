import { z } from 'zod';
import { commonKeys, layerCount, parseConfig, positions, positive, unsupportedOption, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS, type RopeSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { Family } from './family.ts';
import { fourNormBlock } from './gemma2.ts';
import { layerTypesKey, windowedLayers } from './layer-types.ts';
import { llamaDecoder, type LlamaShape } from './llama-block.ts';
import { ropeFrom, ropeKeys } from './rope-config.ts';

const schema = z.object({
  ...commonKeys,
  ...layerTypesKey,
  rope_theta: ropeKeys.rope_theta,
  rope_scaling: ropeKeys.rope_scaling,
  rope_parameters: z.object({ full_attention: ropeKeys.rope_parameters, sliding_attention: ropeKeys.rope_parameters }).nullish(),
  rope_local_base_freq: positive.nullish(),
  hidden_size: width,
  intermediate_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  num_key_value_heads: width.default(4),
  head_dim: width.default(256),
  vocab_size: vocabulary,
  max_position_embeddings: positions.default(131_072),
  rms_norm_eps: positive.default(1e-6),
  hidden_activation: z.enum(ACTIVATIONS).default('gelu_pytorch_tanh'),
  attention_bias: z.boolean().default(false),
  query_pre_attn_scalar: positive.default(256),
  sliding_window: positions.nullable().default(4096),
  sliding_window_pattern: z.number().int().positive().nullish(),
  final_logit_softcapping: positive.nullish(),
  use_bidirectional_attention: unsupportedOption,
});

/** Gemma 3, text: Gemma 2's block with norms on q and k, five windowed layers to a global one, and a rotary base for each. */
export const gemma3Text: Family = {
  modelType: 'gemma3_text',
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
      qkNorm: true,
    };
    const pattern = config.sliding_window_pattern ?? 6;
    const windowed = windowedLayers(config, where, (layer) => (layer + 1) % pattern !== 0);
    const { sliding_window: window, final_logit_softcapping: logitCap } = config;
    return {
      ...llamaDecoder(shape, config, (layer) =>
        fourNormBlock(shape, layer, {
          rope: windowed[layer] ? 'local' : 'global',
          scale: config.query_pre_attn_scalar ** -0.5,
          ...(window !== null && windowed[layer] ? { window } : {}),
        }),
      ),
      embedding: { tokens: 'embed_tokens.weight', scale: Math.sqrt(shape.dModel) },
      head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? true, ...(logitCap ? { softcap: logitCap } : {}) },
      ropes: ropes(config, shape.headDim, where),
    };
  },
};

function ropes(config: z.infer<typeof schema>, dim: number, where: string): Record<'global' | 'local', RopeSpec> {
  const { rope_parameters: nested, max_position_embeddings: maxPositions } = config;
  const globalKeys = nested ? { rope_parameters: nested.full_attention } : { rope_theta: config.rope_theta, rope_scaling: config.rope_scaling };
  const localKeys = nested ? { rope_parameters: nested.sliding_attention } : { rope_theta: config.rope_local_base_freq };
  return {
    global: ropeFrom(globalKeys, { dim, theta: 1_000_000, maxPositions, where }),
    local: ropeFrom(localKeys, { dim, theta: 10_000, maxPositions, where }),
  };
}
