import { z } from 'zod';
import { layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS } from '#gpu-worker/model/decoder-spec.ts';
import type { RawConfig } from '#gpu-worker/model/families/family.ts';
import type { EncoderLayer, EncoderSpec } from '#gpu-worker/embed/encoder-spec.ts';
import { checkHeads } from './check-heads.ts';

const keys = {
  hidden_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  intermediate_size: width,
  vocab_size: vocabulary,
  max_position_embeddings: positions,
  type_vocab_size: vocabulary.default(2),
  layer_norm_eps: positive.default(1e-12),
  hidden_act: z.enum(ACTIVATIONS).default('gelu'),
  position_embedding_type: z.literal('absolute').nullish(),
  is_decoder: z.literal(false).nullish(),
};
const bertSchema = z.object(keys);
// The first position after the padding token's own is a text's first.
const robertaSchema = z.object({ ...keys, pad_token_id: z.number().int().min(0).default(1) });

/** BERT (Devlin et al., arXiv 1810.04805): learned positions from 0 on, token types, norms after each sum. */
export function bert(raw: RawConfig, where: string): EncoderSpec {
  return describe(parseConfig(bertSchema, raw, where), 'bert.', null, where);
}

/**
 * RoBERTa (Liu et al., arXiv 1907.11692) and XLM-R: BERT's tensors, with positions that begin behind the padding token's,
 * as fairseq's embedding table has them.
 */
export function roberta(raw: RawConfig, where: string): EncoderSpec {
  const config = parseConfig(robertaSchema, raw, where);
  return describe(config, 'roberta.', config.pad_token_id, where);
}

function describe(config: z.infer<typeof bertSchema>, prefix: string, paddingId: number | null, where: string): EncoderSpec {
  checkHeads(config.hidden_size, config.num_attention_heads, where);
  return {
    dModel: config.hidden_size,
    heads: config.num_attention_heads,
    mlpWidth: config.intermediate_size,
    vocabSize: config.vocab_size,
    eps: config.layer_norm_eps,
    activation: config.hidden_act,
    prefix,
    embedding: {
      words: 'embeddings.word_embeddings',
      positions: 'embeddings.position_embeddings',
      types: 'embeddings.token_type_embeddings',
      norm: 'embeddings.LayerNorm',
    },
    positionRows: config.max_position_embeddings,
    firstPosition: paddingId === null ? 0 : paddingId + 1,
    paddingId,
    typeVocabulary: config.type_vocab_size,
    relativeBias: null,
    layers: Array.from({ length: config.num_hidden_layers }, (_, n) => layer(`encoder.layer.${n}`)),
  };
}

const layer = (at: string): EncoderLayer => ({
  query: `${at}.attention.self.query`,
  key: `${at}.attention.self.key`,
  value: `${at}.attention.self.value`,
  attentionOutput: `${at}.attention.output.dense`,
  attentionNorm: `${at}.attention.output.LayerNorm`,
  up: `${at}.intermediate.dense`,
  down: `${at}.output.dense`,
  outputNorm: `${at}.output.LayerNorm`,
});
