import { AppError } from '#lib/errors/app-error.ts';
import type { Activation } from '#gpu-worker/model/decoder-spec.ts';
import type { StoredTensor } from '#gpu-worker/model/stored-tensor.ts';

/** What a family says about one checkpoint of an encoder: everything the graph writer needs, as data. */
export interface EncoderSpec {
  dModel: number;
  heads: number;
  mlpWidth: number;
  vocabSize: number;
  eps: number;
  activation: Activation;
  /** Prefix that some files put before every name, such as `bert.`. */
  prefix: string;
  embedding: { words: string; positions: string; types: string | null; norm: string };
  /** Rows of the position table, of which a text uses those from `firstPosition` on. */
  positionRows: number;
  firstPosition: number;
  /** Token that takes no position of its own and stands at this one; null where every token takes the next. */
  paddingId: number | null;
  typeVocabulary: number;
  /** A learned bias of attention by distance, one for all layers. */
  relativeBias: { table: string; buckets: number; maxDistance: number } | null;
  layers: readonly EncoderLayer[];
}

/** Names of a block's matrices and norms, to which `.weight` and `.bias` are added. */
export interface EncoderLayer {
  query: string;
  key: string;
  value: string;
  attentionOutput: string;
  attentionNorm: string;
  up: string;
  down: string;
  outputNorm: string;
}

/** Tokens of the longest text that the positions allow. */
export const mostTokens = ({ positionRows, firstPosition }: EncoderSpec): number => positionRows - firstPosition;

/** Every tensor of the encoder with its shape; the pooler and heads are left over. */
export function encoderShapes(spec: EncoderSpec): Map<string, readonly number[]> {
  const { dModel, mlpWidth, embedding, relativeBias } = spec;
  const shapes = new Map<string, readonly number[]>([
    [`${embedding.words}.weight`, [spec.vocabSize, dModel]],
    [`${embedding.positions}.weight`, [spec.positionRows, dModel]],
  ]);
  if (embedding.types !== null) shapes.set(`${embedding.types}.weight`, [spec.typeVocabulary, dModel]);
  if (relativeBias !== null) shapes.set(`${relativeBias.table}.weight`, [relativeBias.buckets, spec.heads]);
  const norm = (name: string): void => void shapes.set(`${name}.weight`, [dModel]).set(`${name}.bias`, [dModel]);
  const linear = (name: string, inputs: number, outputs: number): void => void shapes.set(`${name}.weight`, [outputs, inputs]).set(`${name}.bias`, [outputs]);
  norm(embedding.norm);
  for (const layer of spec.layers) {
    for (const name of [layer.query, layer.key, layer.value, layer.attentionOutput]) linear(name, dModel, dModel);
    linear(layer.up, dModel, mlpWidth);
    linear(layer.down, mlpWidth, dModel);
    norm(layer.attentionNorm);
    norm(layer.outputNorm);
  }
  return shapes;
}

/** Finds the encoder's tensors in a file, with or without the family's prefix, and checks their shapes. Throws AppError naming the tensor. */
export function bindEncoder(spec: EncoderSpec, tensors: ReadonlyMap<string, StoredTensor>, where: string): (name: string) => StoredTensor {
  const prefix = tensors.has(`${spec.prefix}${spec.embedding.words}.weight`) ? spec.prefix : '';
  for (const [name, shape] of encoderShapes(spec)) {
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
