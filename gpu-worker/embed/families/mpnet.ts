import { z } from 'zod';
import { layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS } from '#gpu-worker/model/decoder-spec.ts';
import type { RawConfig } from '#gpu-worker/model/families/family.ts';
import type { EncoderLayer, EncoderSpec } from '#gpu-worker/embed/encoder-spec.ts';
import { checkHeads } from './check-heads.ts';

// transformers' code takes these for every checkpoint, whatever its config says, so every checkpoint was trained with them.
const PADDING_ID = 1;
const BUCKETS = 32;
const MAX_DISTANCE = 128;

const schema = z.object({
  hidden_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  intermediate_size: width,
  vocab_size: vocabulary,
  max_position_embeddings: positions,
  relative_attention_num_buckets: z.literal(BUCKETS).default(BUCKETS),
  layer_norm_eps: positive.default(1e-12),
  hidden_act: z.enum(ACTIVATIONS).default('gelu'),
});

/** MPNet (Song et al., arXiv 2004.09297): positions as RoBERTa's, no token types, and T5's relative bias on attention. */
export function mpnet(raw: RawConfig, where: string): EncoderSpec {
  const config = parseConfig(schema, raw, where);
  checkHeads(config.hidden_size, config.num_attention_heads, where);
  return {
    dModel: config.hidden_size,
    heads: config.num_attention_heads,
    mlpWidth: config.intermediate_size,
    vocabSize: config.vocab_size,
    eps: config.layer_norm_eps,
    activation: config.hidden_act,
    prefix: 'mpnet.',
    embedding: { words: 'embeddings.word_embeddings', positions: 'embeddings.position_embeddings', types: null, norm: 'embeddings.LayerNorm' },
    positionRows: config.max_position_embeddings,
    firstPosition: PADDING_ID + 1,
    paddingId: PADDING_ID,
    typeVocabulary: 0,
    relativeBias: { table: 'encoder.relative_attention_bias', buckets: BUCKETS, maxDistance: MAX_DISTANCE },
    layers: Array.from({ length: config.num_hidden_layers }, (_, n) => layer(`encoder.layer.${n}`)),
  };
}

const layer = (at: string): EncoderLayer => ({
  query: `${at}.attention.attn.q`,
  key: `${at}.attention.attn.k`,
  value: `${at}.attention.attn.v`,
  attentionOutput: `${at}.attention.attn.o`,
  attentionNorm: `${at}.attention.LayerNorm`,
  up: `${at}.intermediate.dense`,
  down: `${at}.output.dense`,
  outputNorm: `${at}.output.LayerNorm`,
});
