import { AppError } from '#lib/errors/app-error.ts';
import type { DecoderSpec, LayerSpec, LinearSpec, NormSpec } from './decoder-spec.ts';
import type { StoredTensor } from './stored-tensor.ts';

/** Finds a tensor of the decoder by the name its description uses. */
export type TensorLookup = (name: string) => StoredTensor;

const FLOATING = ['F32', 'F16', 'BF16'];

/**
 * Checks that every tensor of the description is in the file, with its shape and a floating-point type, and returns
 * the way to find them. Left-over tensors are ignored. Throws AppError 'corrupt_file' for a missing tensor,
 * 'shape_mismatch' for one of another shape (both name it), 'unsupported' for another number type.
 */
export function bindTensors(spec: DecoderSpec, tensors: ReadonlyMap<string, StoredTensor>, where: string): TensorLookup {
  const prefix = spec.prefixes.find((candidate) => tensors.has(candidate + spec.embedding.tokens)) ?? spec.prefixes[0] ?? '';
  const head = tensors.get(spec.head.weight);
  if (!head && !spec.head.tied) {
    throw new AppError(
      'corrupt_file',
      `${where} has no tensor ${spec.head.weight}, and config.json does not tie the head to the embedding (tie_word_embeddings).`,
    );
  }
  const find = (name: string): StoredTensor | undefined =>
    name === spec.head.weight ? (head ?? tensors.get(prefix + spec.embedding.tokens)) : tensors.get(prefix + name);
  for (const [name, shape] of expectedShapes(spec)) {
    const found = find(name);
    if (!found)
      throw new AppError('corrupt_file', `${where} has no tensor ${name === spec.head.weight ? name : prefix + name}; [${shape.join(', ')}] is expected.`);
    if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i])) {
      throw new AppError(
        'shape_mismatch',
        `${where}: tensor ${found.name} has shape [${found.shape.join(', ')}], but config.json makes it [${shape.join(', ')}].`,
      );
    }
    if (!FLOATING.includes(found.dtype))
      throw new AppError('unsupported', `${where}: tensor ${found.name} holds ${found.dtype}; supported are ${FLOATING.join(', ')}.`);
  }
  return (name) => {
    const found = find(name);
    if (!found) throw new AppError('internal', `The graph asks for tensor ${name}, which was never checked.`);
    return found;
  };
}

/** Names of all tensors of a decoder, as its description has them. */
export function decoderTensors(spec: DecoderSpec): string[] {
  return [...expectedShapes(spec).keys()];
}

/** Every tensor of a decoder with its shape. */
function expectedShapes(spec: DecoderSpec): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  shapes.set(spec.embedding.tokens, [spec.vocabSize, spec.dModel]);
  if (spec.embedding.positions) shapes.set(spec.embedding.positions, [spec.contextLength, spec.dModel]);
  const linear = ({ weight, bias, inputs, outputs, layout }: LinearSpec): void => {
    shapes.set(weight, layout === 'out_in' ? [outputs, inputs] : [inputs, outputs]);
    if (bias) shapes.set(bias, [outputs]);
  };
  const norm = (n: NormSpec | undefined): void => {
    if (!n) return;
    shapes.set(n.weight, [n.size]);
    if (n.bias) shapes.set(n.bias, [n.size]);
  };
  for (const layer of spec.layers) {
    for (const matrix of layerMatrices(layer)) linear(matrix);
    for (const n of [layer.attentionNorm, layer.mlpNorm, layer.postAttentionNorm, layer.postMlpNorm, layer.attention.qNorm, layer.attention.kNorm]) norm(n);
  }
  norm(spec.finalNorm);
  shapes.set(spec.head.weight, [spec.vocabSize, spec.dModel]);
  return shapes;
}

/** The weight matrices of one block. */
export function layerMatrices({ attention, mlp }: LayerSpec): LinearSpec[] {
  const { input } = attention;
  const projections = input.kind === 'separate' ? [input.q, input.k, input.v] : [input.qkv];
  return [...projections, attention.output, mlp.up, ...(mlp.gate ? [mlp.gate] : []), mlp.down];
}
