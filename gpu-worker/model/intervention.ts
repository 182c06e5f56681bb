import { AppError } from '#lib/errors/app-error.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import type { PlainTensor } from './onnx.ts';

/**
 * A place where a graph can be changed while it runs. `vector`: a vector is added to the hidden state. `latents`: the
 * coder's latents are read at `readAt` and what changing some of them changes in its reconstruction is added at
 * `hookpoint`; the part the coder does not reconstruct stays as it is. An SAE reads where it writes, a transcoder not.
 */
export type InterventionSite = { kind: 'vector'; hookpoint: string } | { kind: 'latents'; hookpoint: string; readAt: string; coder: SparseCoder };

/** Positions of a row, [from, to), and the row; everything when left out. */
interface Range {
  row?: number;
  from?: number;
  to?: number;
}

/** A change at one of the sites the graph was opened with, by its place in their list. */
export type Intervention = { site: number } & Range & ({ vector: Float32Array } | { latent: number; mode: 'add' | 'set'; value: number });

/** Names of a site's inputs in the graph. */
export const SITE_INPUT = {
  vector: (site: number): string => `site_${site}_vector`,
  index: (site: number): string => `site_${site}_index`,
  keep: (site: number): string => `site_${site}_keep`,
  value: (site: number): string => `site_${site}_value`,
} as const;

/** The tokens of one run: positions `start[row]` … `start[row] + length - 1` of each row. Padding has negative positions. */
export interface Span {
  rows: number;
  length: number;
  start: Int32Array;
}

/**
 * The graph inputs that carry out the interventions on a span; a site that none names is left as it is. Throws AppError
 * 'bad_request' for a vector or latent that does not fit its site.
 */
export function interventionInputs(
  sites: readonly InterventionSite[],
  widths: readonly number[],
  interventions: readonly Intervention[],
  span: Span,
): Record<string, PlainTensor> {
  for (const { site } of interventions) {
    if (!sites[site]) throw new AppError('bad_request', `There is no intervention site ${site}; ${sites.length} were opened.`);
  }
  const inputs: Record<string, PlainTensor> = {};
  sites.forEach((site, i) => {
    const here = interventions.filter((intervention) => intervention.site === i);
    Object.assign(inputs, site.kind === 'vector' ? vectorInputs(i, site, widths[i]!, here, span) : latentInputs(i, site, here, span));
  });
  return inputs;
}

function vectorInputs(i: number, site: InterventionSite, width: number, interventions: readonly Intervention[], span: Span): Record<string, PlainTensor> {
  // One zero vector is spread over all tokens: an unused site costs next to nothing.
  if (interventions.length === 0) return { [SITE_INPUT.vector(i)]: { data: new Float32Array(width), shape: [1, 1, width] } };
  const data = new Float32Array(span.rows * span.length * width);
  for (const intervention of interventions) {
    if (!('vector' in intervention) || intervention.vector.length !== width)
      throw new AppError('bad_request', `An intervention at ${site.hookpoint} needs a vector of ${width} numbers.`);
    const { vector } = intervention;
    forEachToken(intervention, span, (token) => {
      for (let d = 0; d < width; d++) data[token * width + d]! += vector[d]!;
    });
  }
  return { [SITE_INPUT.vector(i)]: { data, shape: [span.rows, span.length, width] } };
}

function latentInputs(
  i: number,
  site: Extract<InterventionSite, { kind: 'latents' }>,
  interventions: readonly Intervention[],
  span: Span,
): Record<string, PlainTensor> {
  const latents: number[] = [];
  for (const intervention of interventions) {
    if (!('latent' in intervention) || !Number.isInteger(intervention.latent) || intervention.latent < 0 || intervention.latent >= site.coder.width) {
      throw new AppError('bad_request', `An intervention on ${site.coder.dir} needs a latent from 0 to ${site.coder.width - 1}.`, { field: 'latent' });
    }
    if (!latents.includes(intervention.latent)) latents.push(intervention.latent);
  }
  const m = Math.max(1, latents.length);
  const shape = latents.length === 0 ? [1, 1, 1] : [span.rows, span.length, m];
  // A latent becomes keep · activation + value: kept and nothing added where no intervention reaches.
  const keep = new Float32Array(shape[0]! * shape[1]! * m).fill(1);
  const value = new Float32Array(keep.length);
  for (const intervention of interventions) {
    if (!('latent' in intervention)) continue;
    const column = latents.indexOf(intervention.latent);
    forEachToken(intervention, span, (token) => {
      const at = token * m + column;
      if (intervention.mode === 'set') keep[at] = 0;
      value[at] = intervention.mode === 'set' ? intervention.value : value[at]! + intervention.value;
    });
  }
  const index = BigInt64Array.from(latents.length === 0 ? [0n] : latents.map(BigInt));
  return { [SITE_INPUT.index(i)]: { data: index, shape: [m] }, [SITE_INPUT.keep(i)]: { data: keep, shape }, [SITE_INPUT.value(i)]: { data: value, shape } };
}

function forEachToken({ row, from = 0, to = Infinity }: Range, { rows, length, start }: Span, visit: (token: number) => void): void {
  for (let r = 0; r < rows; r++) {
    if (row !== undefined && row !== r) continue;
    for (let i = 0; i < length; i++) {
      const position = start[r]! + i;
      if (position >= 0 && position >= from && position < to) visit(r * length + i);
    }
  }
}
