import { z } from 'zod';
import { commonKeys, layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS, type LayerSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { Family } from './family.ts';
import { layerNorm } from './gpt-parts.ts';
import { linear } from './llama-block.ts';
import { ropeFrom, ropeKeys } from './rope-config.ts';

const schema = z.object({
  ...commonKeys,
  rope_scaling: ropeKeys.rope_scaling,
  rope_parameters: ropeKeys.rope_parameters,
  rotary_pct: positive.max(1).nullish(),
  rotary_emb_base: positive.nullish(),
  hidden_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  intermediate_size: width,
  max_position_embeddings: positions.default(2048),
  vocab_size: vocabulary,
  layer_norm_eps: positive.default(1e-5),
  hidden_act: z.enum(ACTIVATIONS).default('gelu'),
  attention_bias: z.boolean().default(true),
  use_parallel_residual: z.boolean().default(true),
});

/** GPT-NeoX (Pythia): rotary embedding on part of each head, parallel residual unless told otherwise. */
export const gptNeox: Family = {
  modelType: 'gpt_neox',
  describe(raw, where) {
    const config = parseConfig(schema, raw, where);
    const {
      hidden_size: d,
      num_attention_heads: heads,
      num_hidden_layers: layers,
      layer_norm_eps: eps,
      intermediate_size: inner,
      attention_bias: bias,
    } = config;
    const headDim = Math.floor(d / heads);
    const fraction = config.rope_parameters?.partial_rotary_factor ?? config.rotary_pct ?? 0.25;
    const rope = ropeFrom(
      { rope_theta: config.rotary_emb_base, rope_scaling: config.rope_scaling, rope_parameters: config.rope_parameters },
      { dim: Math.floor(headDim * fraction), theta: 10_000, maxPositions: config.max_position_embeddings, where },
    );
    const block = (layer: number): LayerSpec => {
      const at = `layers.${layer}`;
      return {
        attention: {
          heads,
          kvHeads: heads,
          headDim,
          scale: headDim ** -0.5,
          input: { kind: 'by_head', qkv: linear(`${at}.attention.query_key_value`, d, 3 * d, bias) },
          output: linear(`${at}.attention.dense`, d, d, bias),
          rope: 'global',
        },
        mlp: { up: linear(`${at}.mlp.dense_h_to_4h`, d, inner, true), down: linear(`${at}.mlp.dense_4h_to_h`, inner, d, true), activation: config.hidden_act },
        attentionNorm: layerNorm(`${at}.input_layernorm`, d, eps),
        mlpNorm: layerNorm(`${at}.post_attention_layernorm`, d, eps),
        residual: config.use_parallel_residual ? 'parallel' : 'sequential',
      };
    };
    return {
      nLayers: layers,
      dModel: d,
      vocabSize: config.vocab_size,
      contextLength: config.max_position_embeddings,
      prefixes: ['gpt_neox.', ''],
      embedding: { tokens: 'embed_in.weight' },
      layers: Array.from({ length: layers }, (_, layer) => block(layer)),
      finalNorm: layerNorm('final_layer_norm', d, eps),
      head: { weight: 'embed_out.weight', tied: config.tie_word_embeddings ?? false },
      ropes: { global: rope },
    };
  },
};
