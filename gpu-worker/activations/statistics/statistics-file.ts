import { z } from 'zod';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import {
  openLatentRecords,
  writeLatentRecords,
  type LatentRecord,
  type LatentRecords,
  type RecordFormat,
  type RecordValues,
} from '#gpu-worker/activations/records/latent-records.ts';
import type { CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import type { CoderActivations, StoredRows } from '#gpu-worker/activations/store/types.ts';
import { createProfiler, HISTOGRAM_BINS, POSITION_BINS, QUANTILE_EDGES, singleToken, TOP_TOKENS, type LatentProfile, type TokenProfile, type TopToken } from './latent-profile.ts'; // prettier-ignore
import { readRowFacts } from './row-facts.ts';

/** Tokens a window of the statistics, as of the examples (method.md §3.1). */
export const STATISTICS_WINDOW = 32;
/** No token: places of a list that are not filled. */
const NONE = 0xffff_ffff;
/** Latents active on more than this part of the tokens are called dense; the first is counted beside it (method.md §2.5). */
const OFTEN = 0.01;
const DENSE = 0.1;
/** Latents between two breaths: some milliseconds of work where 10⁷ tokens were stored. */
const LATENTS_A_BREATH = 64;

const top = { length: TOP_TOKENS } as const;
const LAYOUT = {
  frequency: { kind: 'f64', length: 1 },
  windowFrequency: { kind: 'f64', length: 1 },
  mean: { kind: 'f64', length: 1 },
  positionInformation: { kind: 'f64', length: 1 },
  entropy: { kind: 'f64', length: 1 },
  mostFrequentShare: { kind: 'f64', length: 1 },
  strongestShare: { kind: 'f64', length: 1 },
  strongerHalfShare: { kind: 'f64', length: 1 },
  quantiles: { kind: 'f64', length: QUANTILE_EDGES },
  byTotalSum: { kind: 'f64', ...top },
  byMeanSum: { kind: 'f64', ...top },
  count: { kind: 'u32', length: 1 },
  windows: { kind: 'u32', length: 1 },
  documents: { kind: 'u32', length: 1 },
  mostFrequent: { kind: 'u32', length: 1 },
  max: { kind: 'f32', length: 1 },
  histogramBelow: { kind: 'u32', length: 1 },
  histogram: { kind: 'u32', length: HISTOGRAM_BINS },
  positions: { kind: 'u32', length: POSITION_BINS },
  byTotalToken: { kind: 'u32', ...top },
  byTotalActive: { kind: 'u32', ...top },
  byTotalOccurrences: { kind: 'u32', ...top },
  byMeanToken: { kind: 'u32', ...top },
  byMeanActive: { kind: 'u32', ...top },
  byMeanOccurrences: { kind: 'u32', ...top },
} as const;

const whole = z.number().int().nonnegative();
const summarySchema = z.object({
  latents: whole,
  /** Active at least once, and never. */
  alive: whole,
  dead: whole,
  alive_fraction: z.number(),
  /** Active on more than 1 % and on more than 10 % of the tokens. */
  over_1_percent: whole,
  dense: whole,
  /** Active latents a stored token, on average. */
  l0: z.number(),
  activations: whole,
  tokens: whole,
  windows: whole,
  window_length: whole,
  row_length: whole,
  documents: whole,
  /** Latents of one token; null when the tokens are not known. */
  single_token: z.object({ strong: whole, weak: whole }).nullable(),
  median_max: z.number().nullable(),
});
export type StatisticsSummary = z.infer<typeof summarySchema>;

const FORMAT: RecordFormat<typeof LAYOUT, StatisticsSummary> = { format: 'latent-atlas statistics', version: 1, layout: LAYOUT, about: summarySchema };

/** Where a coder's statistics lie: beside its activations, under the hash of all that determines them. */
export function statisticsKey({ file, key }: Pick<CoderEntry, 'file' | 'key'>, data: string): string {
  const hash = contentKey({ version: ALGORITHM_VERSIONS.statistics, activations: key, file: file.sha256, data, window: STATISTICS_WINDOW });
  return `${file.path.slice(0, file.path.lastIndexOf('/'))}/statistics-${hash}.bin`;
}

/**
 * Profiles every latent of a coder in one sweep and writes the statistics and, beside them as JSON, their summary. Memory:
 * the tokens (four bytes each), tables as long as the vocabulary and the documents, 4 bytes a latent, and one latent's activations.
 * `breathe` is called between latents with how many are done: it lets others work, and may throw to stop.
 */
export async function writeStatistics(
  store: ArtifactStore,
  key: string,
  rows: StoredRows | null,
  coder: CoderActivations,
  breathe?: (done: number) => Promise<void>,
): Promise<StatisticsSummary> {
  const facts = await readRowFacts(rows, coder, STATISTICS_WINDOW);
  const profile = createProfiler(facts);
  const maxima = new Float32Array(coder.width);
  const summary: StatisticsSummary = {
    latents: coder.width,
    alive: 0,
    dead: 0,
    alive_fraction: 0,
    over_1_percent: 0,
    dense: 0,
    l0: facts.tokens > 0 ? coder.pairs / facts.tokens : 0,
    activations: coder.pairs,
    tokens: facts.tokens,
    windows: facts.windows,
    window_length: STATISTICS_WINDOW,
    row_length: facts.rowLength,
    documents: facts.text?.documents ?? 0,
    single_token: facts.text === null ? null : { strong: 0, weak: 0 },
    median_max: null,
  };
  async function* records(): AsyncGenerator<RecordValues<typeof LAYOUT>> {
    for await (const activations of coder.sweep()) {
      const latent = profile(activations);
      if (latent.count > 0) maxima[summary.alive++] = latent.max;
      if (latent.frequency > OFTEN) summary.over_1_percent++;
      if (latent.frequency > DENSE) summary.dense++;
      const single = latent.tokens && singleToken(latent.tokens, latent.count);
      if (single && summary.single_token) summary.single_token[single]++;
      yield toRecord(latent);
      if ((activations.latent + 1) % LATENTS_A_BREATH === 0) await breathe?.(activations.latent + 1);
    }
    const sorted = maxima.subarray(0, summary.alive).sort();
    summary.dead = summary.latents - summary.alive;
    summary.alive_fraction = summary.latents > 0 ? summary.alive / summary.latents : 0;
    summary.median_max = sorted.length > 0 ? (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2 : null;
  }
  await writeLatentRecords(store, key, FORMAT, records(), () => summary);
  await store.write(key.replace(/\.bin$/, '.json'), Buffer.from(`${JSON.stringify(summary, null, 2)}\n`));
  return summary;
}

/** A coder's statistics; `latent` is one ranged read. */
export interface Statistics {
  summary: StatisticsSummary;
  latent(latent: number): Promise<LatentProfile>;
  /** Some latents in the order asked for: one ranged read for each stretch of latents that follow one another. */
  latents(latents: readonly number[]): Promise<LatentProfile[]>;
  /** All latents in order. */
  sweep(): AsyncGenerator<LatentProfile>;
  close(): Promise<void>;
}

/** Opens statistics. Throws what `openLatentRecords` throws. */
export async function openStatistics(store: ArtifactStore, key: string): Promise<Statistics> {
  const file: LatentRecords<typeof LAYOUT, StatisticsSummary> = await openLatentRecords(store, key, FORMAT);
  return {
    summary: file.about,
    latent: async (latent) => fromRecord(await file.record(latent)),
    latents: async (latents) => (await file.records(latents)).map(fromRecord),
    async *sweep() {
      for await (const record of file.sweep()) yield fromRecord(record);
    },
    close: () => file.close(),
  };
}

const ONLY = 0;

function toRecord(latent: LatentProfile): RecordValues<typeof LAYOUT> {
  const { tokens } = latent;
  const column = (list: readonly TopToken[], of: (entry: TopToken) => number, absent = 0): number[] =>
    Array.from({ length: TOP_TOKENS }, (_, i) => (list[i] === undefined ? absent : of(list[i])));
  const [byTotal, byMean] = [tokens?.byTotal ?? [], tokens?.byMean ?? []];
  return {
    frequency: [latent.frequency],
    windowFrequency: [latent.windowFrequency],
    mean: [latent.mean],
    positionInformation: [latent.positionInformation],
    entropy: [tokens?.entropy ?? 0],
    mostFrequentShare: [tokens?.mostFrequentShare ?? 0],
    strongestShare: [tokens?.strongestShare ?? 0],
    strongerHalfShare: [tokens?.strongerHalfShare ?? 0],
    quantiles: latent.quantiles,
    byTotalSum: column(byTotal, ({ total }) => total),
    byMeanSum: column(byMean, ({ total }) => total),
    count: [latent.count],
    windows: [latent.windows],
    documents: [tokens?.documents ?? 0],
    mostFrequent: [tokens?.mostFrequent ?? NONE],
    max: [latent.max],
    histogramBelow: [latent.histogramBelow],
    histogram: latent.histogram,
    positions: latent.positions,
    byTotalToken: column(byTotal, ({ token }) => token, NONE),
    byTotalActive: column(byTotal, ({ active }) => active),
    byTotalOccurrences: column(byTotal, ({ occurrences }) => occurrences),
    byMeanToken: column(byMean, ({ token }) => token, NONE),
    byMeanActive: column(byMean, ({ active }) => active),
    byMeanOccurrences: column(byMean, ({ occurrences }) => occurrences),
  };
}

function fromRecord(r: LatentRecord<typeof LAYOUT>): LatentProfile {
  const list = (token: Uint32Array, active: Uint32Array, total: Float64Array, occurrences: Uint32Array): TopToken[] =>
    Array.from(token, (id, i) => ({ token: id, active: active[i]!, total: total[i]!, occurrences: occurrences[i]! })).filter((entry) => entry.token !== NONE);
  const tokens: TokenProfile | null =
    r.mostFrequent[ONLY] === NONE
      ? null
      : {
          entropy: r.entropy[ONLY]!,
          mostFrequent: r.mostFrequent[ONLY]!,
          mostFrequentShare: r.mostFrequentShare[ONLY]!,
          strongestShare: r.strongestShare[ONLY]!,
          strongerHalfShare: r.strongerHalfShare[ONLY]!,
          byTotal: list(r.byTotalToken, r.byTotalActive, r.byTotalSum, r.byTotalOccurrences),
          byMean: list(r.byMeanToken, r.byMeanActive, r.byMeanSum, r.byMeanOccurrences),
          documents: r.documents[ONLY]!,
        };
  return {
    count: r.count[ONLY]!,
    windows: r.windows[ONLY]!,
    frequency: r.frequency[ONLY]!,
    windowFrequency: r.windowFrequency[ONLY]!,
    max: r.max[ONLY]!,
    mean: r.mean[ONLY]!,
    histogram: Float64Array.from(r.histogram),
    histogramBelow: r.histogramBelow[ONLY]!,
    quantiles: Float64Array.from(r.quantiles),
    positions: Float64Array.from(r.positions),
    positionInformation: r.positionInformation[ONLY]!,
    tokens,
  };
}
