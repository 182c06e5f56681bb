import { z } from 'zod';
import { commonKeys, layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS } from '#gpu-worker/model/decoder-spec.ts';
import type { Family } from './family.ts';
import { llamaBlock, llamaDecoder, type LlamaShape } from './llama-block.ts';
import { ropeFrom, ropeKeys } from './rope-config.ts';

const schema = z.object({
  ...commonKeys,
  ...ropeKeys,
  hidden_size: width,
  intermediate_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  num_key_value_heads: width.default(16),
  head_dim: width.default(256),
  vocab_size: vocabulary,
  max_position_embeddings: positions.default(8192),
  rms_norm_eps: positive.default(1e-6),
  hidden_act: z.enum(ACTIVATIONS).default('gelu_pytorch_tanh'),
  attention_bias: z.boolean().default(false),
});

/** Gemma 1: embeddings scaled by √hidden, RMS norm by (1 + w), tanh GELU. */
export const gemma: Family = {
  modelType: 'gemma',
  describe(raw, where) {
    const config = parseConfig(schema, raw, where);
    const shape: LlamaShape = {
      dModel: config.hidden_size,
      mlpWidth: config.intermediate_size,
      heads: config.num_attention_heads,
      kvHeads: config.num_key_value_heads,
      headDim: config.head_dim,
      eps: config.rms_norm_eps,
      // The released configs say `gelu` and mean the tanh form.
      activation: config.hidden_act === 'gelu' ? 'gelu_pytorch_tanh' : config.hidden_act,
      bias: { qkv: config.attention_bias, output: config.attention_bias },
      onePlusNorm: true,
    };
    return {
      ...llamaDecoder(shape, config, (layer) => llamaBlock(shape, layer, { rope: 'global' })),
      embedding: { tokens: 'embed_tokens.weight', scale: Math.sqrt(shape.dModel) },
      head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? true },
      ropes: { global: ropeFrom(config, { dim: shape.headDim, theta: 10_000, maxPositions: config.max_position_embeddings, where }) },
    };
  },
};
