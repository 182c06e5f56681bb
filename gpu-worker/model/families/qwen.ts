import { z } from 'zod';
import { commonKeys, layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS, type DecoderSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { Family, RawConfig } from './family.ts';
import { layerTypesKey, windowedLayers } from './layer-types.ts';
import { llamaBlock, llamaDecoder, type LlamaShape } from './llama-block.ts';
import { ropeFrom, ropeKeys } from './rope-config.ts';

const schema = z.object({
  ...commonKeys,
  ...ropeKeys,
  ...layerTypesKey,
  hidden_size: width,
  intermediate_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  num_key_value_heads: width.nullable().default(32),
  head_dim: width.nullish(),
  vocab_size: vocabulary,
  max_position_embeddings: positions.default(32_768),
  rms_norm_eps: positive.default(1e-6),
  hidden_act: z.enum(ACTIVATIONS).default('silu'),
  attention_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().default(false),
  sliding_window: positions.nullable().default(4096),
  max_window_layers: z.number().int().min(0).default(28),
});

interface QwenOptions {
  headDim: (config: z.infer<typeof schema>) => number;
  bias: (config: z.infer<typeof schema>) => NonNullable<LlamaShape['bias']>;
  qkNorm: boolean;
}

/** Qwen2 and Qwen2.5: Llama with biases on q, k and v. */
export const qwen2: Family = {
  modelType: 'qwen2',
  describe: (raw, where) =>
    describe(raw, where, {
      headDim: (config) => config.head_dim ?? Math.floor(config.hidden_size / config.num_attention_heads),
      bias: () => ({ qkv: true }),
      qkNorm: false,
    }),
};

/** Qwen3: RMS norm on each head's q and k; biases only where `attention_bias` says so, then on the output too. */
export const qwen3: Family = {
  modelType: 'qwen3',
  describe: (raw, where) =>
    describe(raw, where, {
      headDim: (config) => config.head_dim ?? 128,
      bias: (config) => ({ qkv: config.attention_bias, output: config.attention_bias }),
      qkNorm: true,
    }),
};

function describe(raw: RawConfig, where: string, options: QwenOptions): DecoderSpec {
  const config = parseConfig(schema, raw, where);
  const shape: LlamaShape = {
    dModel: config.hidden_size,
    mlpWidth: config.intermediate_size,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: options.headDim(config),
    eps: config.rms_norm_eps,
    activation: config.hidden_act,
    bias: options.bias(config),
    qkNorm: options.qkNorm,
  };
  const window = config.use_sliding_window ? config.sliding_window : null;
  const windowed = windowedLayers(config, where, (layer) => layer >= config.max_window_layers);
  return {
    ...llamaDecoder(shape, config, (layer) => llamaBlock(shape, layer, { rope: 'global', ...(window !== null && windowed[layer] ? { window } : {}) })),
    head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? false },
    ropes: { global: ropeFrom(config, { dim: shape.headDim, theta: 10_000, maxPositions: config.max_position_embeddings, where }) },
  };
}
