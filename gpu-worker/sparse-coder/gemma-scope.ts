import { basename, dirname, join, sep } from 'node:path';
import { fingerprint } from '#gpu-worker/model/fingerprint.ts';
import { openNpz } from '#gpu-worker/model/npz.ts';
import { CoderTensors } from './coder-files.ts';
import type { CoderMatrix, SparseCoder } from './coder.ts';

const SITES: Readonly<Record<string, readonly [string, string]>> = {
  res: ['', ''],
  mlp: ['.mlp', '.mlp'],
  att: ['.attn.z', '.attn.z'],
  transcoders: ['.mlp.in', '.mlp'],
};

/**
 * Reads a coder of Gemma Scope (Google): one `params.npz`. The layer stands in the folder's name, what it reads in the
 * repository's (`gemma-scope-2b-pt-res`); without the latter in the path its hookpoints are not known. Throws AppError
 * 'corrupt_file' or 'shape_mismatch'.
 */
export async function openGemmaScope(dir: string): Promise<SparseCoder> {
  const path = join(dir, 'params.npz');
  const arrays = await openNpz(path);
  // SAEs write W_enc or w_enc, transcoders any case.
  const tensors = new Map([...arrays.values()].map(({ tensor }) => [tensor.name.toLowerCase(), tensor]));
  const columnMajor = new Set([...arrays.values()].filter((array) => array.columnMajor).map(({ tensor }) => tensor.name.toLowerCase()));
  const find = new CoderTensors(path, tensors);
  // A column-major matrix lies in the file as its own transpose.
  const shapeOf = (name: string): [number, number] => {
    const [a, b] = find.matrixShape(name);
    return columnMajor.has(name) ? [b, a] : [a, b];
  };
  const [dIn, latents] = shapeOf('w_enc');
  const [, dOut] = shapeOf('w_dec');
  const { input, output, embedding } = statedPlace(dir);
  const matrix = (name: string, rows: number, columns: number, layout: CoderMatrix['layout'], scale: number): CoderMatrix => {
    const other = layout === 'latents_first' ? 'latents_last' : 'latents_first';
    return columnMajor.has(name)
      ? { tensor: find.get(name, [columns, rows]), layout: other, scale }
      : { tensor: find.get(name, [rows, columns]), layout, scale };
  };
  return {
    dir,
    format: 'gemma-scope',
    activation: { kind: 'jumprelu', threshold: find.get('threshold', [latents]), logarithmic: false },
    k: null,
    width: latents,
    dIn,
    dOut,
    inputHookpoints: input === null ? [] : [input],
    outputHookpoints: output === null ? [] : [output],
    revision: await fingerprint([], tensors.values()),
    normalisation: 'none',
    undoesNormalisation: false,
    centreInput: false,
    // Coders of the embedding were trained before its multiplication by √d; the hookpoint comes after it.
    encoder: matrix('w_enc', dIn, latents, 'latents_last', embedding ? 1 / Math.sqrt(dIn) : 1),
    encoderBias: find.get('b_enc', [latents]),
    decoder: matrix('w_dec', latents, dOut, 'latents_first', embedding ? Math.sqrt(dIn) : 1),
    decoderBias: { tensor: find.get('b_dec', [dOut]), scale: 1 },
    skip: null,
  };
}

/** What the path `…gemma-scope-2b-pt-res…/layer_L/width_16k/average_l0_K` says. */
function statedPlace(dir: string): { input: string | null; output: string | null; embedding: boolean } {
  const place = basename(dirname(dirname(dir)));
  if (place === 'embedding') return { input: 'embed', output: 'embed', embedding: true };
  const layer = /^layer_(\d+)$/.exec(place)?.[1];
  const repository = dir.split(sep).findLast((part) => /gemma-scope-\w+-(?:pt|it)-/.test(part));
  const sites = SITES[/-(res|mlp|att|transcoders)$/.exec(repository ?? '')?.[1] ?? ''];
  if (layer === undefined || !sites) return { input: null, output: null, embedding: false };
  return { input: `layers.${Number(layer)}${sites[0]}`, output: `layers.${Number(layer)}${sites[1]}`, embedding: false };
}
