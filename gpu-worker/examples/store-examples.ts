import { AppError } from '#lib/errors/app-error.ts';
import { normalised } from '#lib/example/normalise.ts';
import type { NegativeClass, Protocol } from '#lib/example/protocol.ts';
import type { ActivationStore, CoderActivations, LatentActivations, StoredRows } from '#gpu-worker/activations/store/types.ts';
import { candidateWindows, latentExamples, similarityQueries, SIMILARITY_QUERIES, type DrawnWindow, type ExamplesRequest, type LatentExamples } from './latent-examples.ts';
import type { NegativeWindow } from './negatives.ts';
import { WindowTable } from './window-table.ts';
import { documentOf, type Origin } from './windows.ts';

/** A window as it stands in a store. */
export interface StoredWindow {
  row: number;
  start: number;
  /** Token ids [window length]; 0 activation where silent, in the same order. */
  tokens: number[];
  activations: number[];
  /** From 0 to 10, by the protocol's rule, of the latent's maximum. */
  normalised: number[];
  /** 0 is the strongest; null for silent windows, and for those that a protocol's groups leave out. */
  quantile: number | null;
  class: 'activating' | NegativeClass;
  document: string;
  /** Windows with the same tokens that it stands for. */
  copies: number;
  /** The latent whose window it is, in class `neighbour`. */
  neighbour?: number;
}

export interface StoredExamples extends Omit<LatentExamples, 'train' | 'test' | 'negatives'> {
  /** Silent windows of each class, and how many the protocol asks for. */
  negativeCounts: Partial<Record<NegativeClass, { drawn: number; wanted: number }>>;
  train: StoredWindow[];
  test: StoredWindow[];
  negatives: StoredWindow[];
}

export interface StoreExamplesRequest {
  latent: number;
  protocol: Protocol;
  seed: number;
  /** Latents of the same coder, nearest first, for class `neighbour`. */
  neighbours?: readonly number[];
  /** Finds windows near in meaning, for class `similar`: for each origin a list, nearest first. */
  findSimilar?: (origins: readonly Origin[]) => Promise<Origin[][]>;
}

/** A store opened for examples under one protocol's windows. */
export interface ExampleSource {
  readonly table: WindowTable;
  readonly coder: CoderActivations;
  readonly rows: StoredRows;
  /** [rows, rowLength] */
  readonly tokens: Int32Array;
}

/**
 * Opens what all latents of a coder are sampled from. All tokens are held, four bytes each: a latent's examples lie in
 * some two hundred rows, and reading and checking the blocks of those took ten times as long as all the rest. Throws
 * AppError 'bad_request' for a store without tokens, and for windows that do not divide its rows.
 */
export async function openExampleSource({ rows }: Pick<ActivationStore, 'rows'>, coder: CoderActivations, protocol: Protocol): Promise<ExampleSource> {
  if (rows === null)
    throw new AppError('bad_request', 'This store holds no tokens, as it was imported without: it has statistics of its latents, but no windows to show.', {
      field: 'store',
    });
  const tokens = await rows.tokens(0, rows.rows);
  return { rows, coder, tokens, table: new WindowTable(rows, protocol.windowLength, tokens) };
}

/** Draws one latent's examples. Throws AppError 'bad_request' for a latent or neighbour that the coder does not have. */
export async function storeExamples(source: ExampleSource, { latent: index, protocol, seed, neighbours, findSimilar }: StoreExamplesRequest): Promise<StoredExamples> {
  const { coder, table } = source;
  const [latent, ...near] = (await Promise.all([index, ...(neighbours ?? [])].map((one) => coder.latent(one)))) as [LatentActivations, ...LatentActivations[]];
  const request: ExamplesRequest = { table, latent, protocol, seed, neighbours: near };
  if (findSimilar) {
    request.candidates = candidateWindows(request);
    request.similar = await findSimilar(similarityQueries(request.candidates, SIMILARITY_QUERIES).map(({ origin }) => origin));
  }
  const { train, test, negatives, ...counts } = latentExamples(request);
  const show = (origin: Origin, quantile: number | null, of: StoredWindow['class'], copies: number): StoredWindow =>
    storedWindow(source, latent, protocol, { origin, quantile, class: of, copies });
  const negativeCounts: StoredExamples['negativeCounts'] = {};
  for (const [of, wanted] of Object.entries(protocol.negatives) as [NegativeClass, number][])
    negativeCounts[of] = { drawn: negatives.filter((negative) => negative.class === of).length, wanted };
  const activating = (window: DrawnWindow): StoredWindow => show(window.origin, window.quantile, 'activating', window.copies);
  const silent = ({ origin, class: of, copies, neighbour }: NegativeWindow): StoredWindow => ({
    ...show(origin, null, of, copies),
    ...(neighbour === null ? {} : { neighbour }),
  });
  return { ...counts, negativeCounts, train: train.map(activating), test: test.map(activating), negatives: negatives.map(silent) };
}

function storedWindow(
  { rows, coder, table, tokens }: ExampleSource,
  { latent, place, value }: LatentActivations,
  protocol: Protocol,
  { origin, ...facts }: { origin: Origin } & Pick<StoredWindow, 'quantile' | 'class' | 'copies'>,
): StoredWindow {
  const row = Math.floor(origin / rows.rowLength);
  const start = origin - row * rows.rowLength;
  const activations = new Array<number>(table.length).fill(0);
  const levels = new Array<number>(table.length).fill(0);
  for (let i = firstFrom(place, origin); i < place.length && place[i]! < origin + table.length; i++) {
    activations[place[i]! - origin] = value[i]!;
    levels[place[i]! - origin] = normalised(value[i]!, coder.max[latent]!, protocol.normalise);
  }
  // Copied place by place: an iterator over a part of ten million tokens took as long as all else here.
  const ids = new Array<number>(table.length);
  for (let i = 0; i < ids.length; i++) ids[i] = tokens[origin + i]!;
  return {
    row,
    start,
    tokens: ids,
    activations,
    normalised: levels,
    ...facts,
    document: rows.documents[documentOf(rows, origin)]!.key,
  };
}

/** Index of the first of ascending places that is not before one. */
function firstFrom(places: Uint32Array, from: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
