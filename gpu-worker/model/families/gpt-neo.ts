import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { commonKeys, layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS, type LayerSpec } from '#gpu-worker/model/decoder-spec.ts';
import type { Family } from './family.ts';
import { layerNorm } from './gpt-parts.ts';
import { linear } from './llama-block.ts';

const kind = z.enum(['global', 'local']);
const schema = z.object({
  ...commonKeys,
  hidden_size: width,
  num_layers: layerCount,
  num_heads: width,
  intermediate_size: width.nullish(),
  max_position_embeddings: positions.default(2048),
  vocab_size: vocabulary,
  window_size: positions.default(256),
  attention_types: z.array(z.tuple([z.array(kind).max(1024), layerCount])).max(1024),
  layer_norm_epsilon: positive.default(1e-5),
  activation_function: z.enum(ACTIVATIONS).default('gelu_new'),
});

/** GPT-Neo: GPT-2 with plain linear layers, unscaled scores, and windowed layers between global ones. */
export const gptNeo: Family = {
  modelType: 'gpt_neo',
  describe(raw, where) {
    const config = parseConfig(schema, raw, where);
    const { hidden_size: d, num_heads: heads, num_layers: layers, layer_norm_epsilon: eps } = config;
    const inner = config.intermediate_size ?? 4 * d;
    const headDim = Math.floor(d / heads);
    // Counted before they are written out: a config that lies could ask for billions.
    const described = config.attention_types.reduce((sum, [pattern, times]) => sum + pattern.length * times, 0);
    if (described !== layers)
      throw new AppError('invalid_config', `${where}: attention_types describes ${described} layers, but num_layers is ${layers}.`, {
        field: 'attention_types',
      });
    const kinds = config.attention_types.flatMap(([pattern, times]) => Array.from({ length: times }, () => pattern).flat());
    const block = (layer: number): LayerSpec => {
      const at = `h.${layer}`;
      const project = (name: string) => linear(`${at}.attn.attention.${name}`, d, d, name === 'out_proj');
      return {
        attention: {
          heads,
          kvHeads: heads,
          headDim,
          scale: 1,
          input: { kind: 'separate', q: project('q_proj'), k: project('k_proj'), v: project('v_proj') },
          output: project('out_proj'),
          ...(kinds[layer] === 'local' ? { window: config.window_size } : {}),
        },
        mlp: { up: linear(`${at}.mlp.c_fc`, d, inner, true), down: linear(`${at}.mlp.c_proj`, inner, d, true), activation: config.activation_function },
        attentionNorm: layerNorm(`${at}.ln_1`, d, eps),
        mlpNorm: layerNorm(`${at}.ln_2`, d, eps),
        residual: 'sequential',
      };
    };
    return {
      nLayers: layers,
      dModel: d,
      vocabSize: config.vocab_size,
      contextLength: config.max_position_embeddings,
      prefixes: ['transformer.', ''],
      embedding: { tokens: 'wte.weight', positions: 'wpe.weight' },
      layers: Array.from({ length: layers }, (_, layer) => block(layer)),
      finalNorm: layerNorm('ln_f', d, eps),
      head: { weight: 'lm_head.weight', tied: config.tie_word_embeddings ?? true },
      ropes: {},
    };
  },
};
