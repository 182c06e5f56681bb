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
  num_key_value_heads: width.default(8),
  head_dim: width.nullish(),
  vocab_size: vocabulary,
  max_position_embeddings: positions.default(131_072),
  // null switches the window off; a missing key means 4096.
  sliding_window: positions.nullable().default(4096),
  rms_norm_eps: positive.default(1e-6),
  hidden_act: z.enum(ACTIVATIONS).default('silu'),
});

/** Mistral: Llama without biases, with a sliding window in every layer. */
export const mistral: Family = {
  modelType: 'mistral',
  describe(raw, where) {
    const config = parseConfig(schema, raw, where);
    const shape: LlamaShape = {
      dModel: config.hidden_size,
      mlpWidth: config.intermediate_size,
      heads: config.num_attention_heads,
      kvHeads: config.num_key_value_heads,
      headDim: config.head_dim ?? Math.floor(config.hidden_size / config.num_attention_heads),
      eps: config.rms_norm_eps,
      activation: config.hidden_act,
    };
    const attention = { rope: 'global', ...(config.sliding_window === null ? {} : { window: config.sliding_window }) };
    return {
      ...llamaDecoder(shape, config, (layer) => llamaBlock(shape, layer, attention)),
      head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? false },
      ropes: { global: ropeFrom(config, { dim: shape.headDim, theta: 10_000, maxPositions: config.max_position_embeddings, where }) },
    };
  },
};
