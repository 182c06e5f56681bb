import { z } from 'zod';
import { commonKeys, layerCount, parseConfig, positions, positive, unsupportedOption, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS, type LayerSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { Family } from './family.ts';
import { conv1d, layerNorm } from './gpt-parts.ts';

const schema = z.object({
  ...commonKeys,
  n_embd: width,
  n_layer: layerCount,
  n_head: width,
  n_inner: width.nullish(),
  n_positions: positions.default(1024),
  vocab_size: vocabulary,
  layer_norm_epsilon: positive.default(1e-5),
  activation_function: z.enum(ACTIVATIONS).default('gelu_new'),
  scale_attn_weights: z.boolean().default(true),
  add_cross_attention: unsupportedOption,
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
});

/** GPT-2: learned positions, LayerNorm, Conv1D weights, q, k and v in one matrix. */
export const gpt2: Family = {
  modelType: 'gpt2',
  describe(raw, where) {
    const config = parseConfig(schema, raw, where);
    const { n_embd: d, n_head: heads, n_layer: layers, layer_norm_epsilon: eps } = config;
    const headDim = Math.floor(d / heads);
    const block = (layer: number): LayerSpec => {
      const at = `h.${layer}`;
      const scale = (config.scale_attn_weights ? headDim ** -0.5 : 1) / (config.scale_attn_by_inverse_layer_idx ? layer + 1 : 1);
      return {
        attention: {
          heads,
          kvHeads: heads,
          headDim,
          scale,
          input: { kind: 'thirds', qkv: conv1d(`${at}.attn.c_attn`, d, 3 * d) },
          output: conv1d(`${at}.attn.c_proj`, d, d),
        },
        mlp: {
          up: conv1d(`${at}.mlp.c_fc`, d, config.n_inner ?? 4 * d),
          down: conv1d(`${at}.mlp.c_proj`, config.n_inner ?? 4 * d, d),
          activation: config.activation_function,
        },
        attentionNorm: layerNorm(`${at}.ln_1`, d, eps),
        mlpNorm: layerNorm(`${at}.ln_2`, d, eps),
        residual: 'sequential',
      };
    };
    return {
      nLayers: layers,
      dModel: d,
      vocabSize: config.vocab_size,
      contextLength: config.n_positions,
      prefixes: ['transformer.', ''],
      embedding: { tokens: 'wte.weight', positions: 'wpe.weight' },
      layers: Array.from({ length: layers }, (_, layer) => block(layer)),
      finalNorm: layerNorm('ln_f', d, eps),
      head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? true },
      ropes: {},
    };
  },
};
