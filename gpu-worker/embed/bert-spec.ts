import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { layerCount, parseConfig, positions, positive, vocabulary, width } from '#gpu-worker/model/config.ts';
import { ACTIVATIONS, type Activation } from '#gpu-worker/model/decoder-spec.ts';
import type { RawConfig } from '#gpu-worker/model/families/family.ts';
import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';

/** Sizes of a BERT encoder. */
export interface BertSpec {
  nLayers: number;
  dModel: number;
  heads: number;
  mlpWidth: number;
  vocabSize: number;
  maxPositions: number;
  typeVocabulary: number;
  eps: number;
  activation: Activation;
}

const schema = z.object({
  model_type: z.literal('bert'),
  hidden_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: width,
  intermediate_size: width,
  vocab_size: vocabulary,
  max_position_embeddings: positions,
  type_vocab_size: vocabulary.default(2),
  layer_norm_eps: positive.default(1e-12),
  hidden_act: z.enum(ACTIVATIONS).default('gelu'),
  position_embedding_type: z.literal('absolute').default('absolute'),
});

/** Reads a BERT `config.json`. Throws AppError 'invalid_config' naming the key. */
export function bertSpec(raw: RawConfig, where: string): BertSpec {
  const config = parseConfig(schema, raw, where);
  if (config.hidden_size % config.num_attention_heads !== 0) {
    throw new AppError('invalid_config', `${where}: a hidden size of ${config.hidden_size} does not split into ${config.num_attention_heads} heads.`, {
      field: 'num_attention_heads',
    });
  }
  return {
    nLayers: config.num_hidden_layers,
    dModel: config.hidden_size,
    heads: config.num_attention_heads,
    mlpWidth: config.intermediate_size,
    vocabSize: config.vocab_size,
    maxPositions: config.max_position_embeddings,
    typeVocabulary: config.type_vocab_size,
    eps: config.layer_norm_eps,
    activation: config.hidden_act,
  };
}

/** Every tensor of the encoder with its shape; the pooler and heads are left over. */
export function bertShapes(spec: BertSpec): Map<string, readonly number[]> {
  const { dModel, mlpWidth } = spec;
  const shapes = new Map<string, readonly number[]>([
    ['embeddings.word_embeddings.weight', [spec.vocabSize, dModel]],
    ['embeddings.position_embeddings.weight', [spec.maxPositions, dModel]],
    ['embeddings.token_type_embeddings.weight', [spec.typeVocabulary, dModel]],
    ['embeddings.LayerNorm.weight', [dModel]],
    ['embeddings.LayerNorm.bias', [dModel]],
  ]);
  const linear = (name: string, inputs: number, outputs: number): void => {
    shapes.set(`${name}.weight`, [outputs, inputs]);
    shapes.set(`${name}.bias`, [outputs]);
  };
  for (let n = 0; n < spec.nLayers; n++) {
    const at = `encoder.layer.${n}`;
    for (const name of ['self.query', 'self.key', 'self.value', 'output.dense']) linear(`${at}.attention.${name}`, dModel, dModel);
    linear(`${at}.intermediate.dense`, dModel, mlpWidth);
    linear(`${at}.output.dense`, mlpWidth, dModel);
    for (const name of ['attention.output', 'output']) {
      shapes.set(`${at}.${name}.LayerNorm.weight`, [dModel]);
      shapes.set(`${at}.${name}.LayerNorm.bias`, [dModel]);
    }
  }
  return shapes;
}

/** Finds the encoder's tensors in a file, with or without the prefix `bert.`, and checks their shapes. Throws AppError naming the tensor. */
export function bindBert(spec: BertSpec, tensors: ReadonlyMap<string, StoredTensor>, where: string): (name: string) => StoredTensor {
  const prefix = tensors.has('bert.embeddings.word_embeddings.weight') ? 'bert.' : '';
  for (const [name, shape] of bertShapes(spec)) {
    const found = tensors.get(prefix + name);
    if (!found) throw new AppError('corrupt_file', `${where} has no tensor ${prefix + name}; [${shape.join(', ')}] is expected.`);
    if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
      throw new AppError(
        'shape_mismatch',
        `${where}: tensor ${found.name} has shape [${found.shape.join(', ')}], but config.json makes it [${shape.join(', ')}].`,
      );
    }
  }
  return (name) => tensors.get(prefix + name)!;
}
