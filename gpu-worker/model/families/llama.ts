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
  num_key_value_heads: width.nullish(),
  head_dim: width.nullish(),
  vocab_size: vocabulary,
  max_position_embeddings: positions.default(2048),
  rms_norm_eps: positive.default(1e-6),
  hidden_act: z.enum(ACTIVATIONS).default('silu'),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

/** Llama 2, 3, 3.1, 3.2, SmolLM2 and what else says `llama`: RMS norm, rotary embedding, grouped queries, gated MLP. */
export const llama: Family = {
  modelType: 'llama',
  describe(raw, where) {
    const config = parseConfig(schema, raw, where);
    const heads = config.num_attention_heads;
    const shape: LlamaShape = {
      dModel: config.hidden_size,
      mlpWidth: config.intermediate_size,
      heads,
      kvHeads: config.num_key_value_heads ?? heads,
      headDim: config.head_dim ?? Math.floor(config.hidden_size / heads),
      eps: config.rms_norm_eps,
      activation: config.hidden_act,
      bias: { qkv: config.attention_bias, output: config.attention_bias, mlp: config.mlp_bias },
    };
    return {
      ...llamaDecoder(shape, config, (layer) => llamaBlock(shape, layer, { rope: 'global' })),
      head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? false },
      ropes: { global: ropeFrom(config, { dim: shape.headDim, theta: 10_000, maxPositions: config.max_position_embeddings, where }) },
    };
  },
};
