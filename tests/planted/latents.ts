import { ATLAS_PROTOCOL, type Protocol } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices, type Rng } from '#lib/random/rng.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { latentExamples, type ExamplesRequest } from '#gpu-worker/examples/latent-examples.ts';
import { shownSpan } from '#gpu-worker/examples/shown-span.ts';
import { WindowTable } from '#gpu-worker/examples/window-table.ts';
import type { Origin } from '#gpu-worker/examples/windows.ts';
import { plantedCorpus, type Corpus } from './corpus.ts';
import { LANGUAGE } from './language.ts';
import { describeMeaning, describePart, MAX_NTH, partsAt, type Meaning, type Part } from './meaning.ts';

/** A latent whose meaning is known because it was put there, with what the real sampler draws for it. */
export interface PlantedLatent {
  index: number;
  /** Part kinds, joined by `+`: what tables group by. */
  kind: string;
  meaning: Meaning;
  /** What a perfect explainer would say. */
  explanation: string;
  /** What another planted latent fires on; shares no part with this one. */
  wrong: string;
  examples: Example[];
}

export interface PlantedCoder {
  corpus: Corpus;
  index: FiringIndex;
  table: WindowTable;
  latents: PlantedLatent[];
}

/** Activation of a part: strength · e^(spread · gauss). Silence is 0. */
export interface Strength {
  strength: number;
  spread: number;
}

const STRENGTH: Strength = { strength: 4, spread: 0.15 };
const DEFAULT_DOCUMENTS = 360;

/** Every meaning that the language has by itself: 120 lists, 24 topics, 30 endings, 60 heralds, 24 places; then 66 mixtures of two. */
export function plantedMeanings(seed: number): Meaning[] {
  const single: Part[] = [
    ...LANGUAGE.synonyms.map((words): Part => ({ kind: 'words', words })),
    ...[...LANGUAGE.topics.keys()].map((topic): Part => ({ kind: 'topic', topic })),
    ...[...LANGUAGE.endings.keys()].map((ending): Part => ({ kind: 'ending', ending })),
    ...LANGUAGE.heralds.map((word): Part => ({ kind: 'after', word })),
    ...LANGUAGE.marks.flatMap((mark) => Array.from({ length: MAX_NTH - 1 }, (_, i): Part => ({ kind: 'place', mark, nth: i + 1 }))),
  ];
  const mixtures = Array.from({ length: 66 }, (_, i): Meaning => {
    const rng = rngFor(seed, 'planted mixture', i);
    const first = single[rng.int(single.length)]!;
    let second = first;
    while (second.kind === first.kind) second = single[rng.int(single.length)]!;
    return [first, second];
  });
  return [...single.map((part): Meaning => [part]), ...mixtures];
}

/**
 * A coder of planted latents over a planted corpus. `count` of them, of every kind in turn, are given examples by the
 * sampler that runs use; all are ready by its own rule.
 */
export function plantedCoder({ count, seed, documents = DEFAULT_DOCUMENTS }: { count?: number; seed: number; documents?: number }): PlantedCoder {
  const corpus = plantedCorpus({ documents, seed });
  const index = firingIndex(corpus);
  const table = new WindowTable(corpus.layout, ATLAS_PROTOCOL.windowLength, corpus.tokens);
  const all = plantedMeanings(seed);
  // A step without a common factor with the number of meanings visits every kind early.
  const meanings = Array.from({ length: Math.min(count ?? all.length, all.length) }, (_, i) => all[(i * STEP) % all.length]!);
  const latents = meanings.map((meaning, latent): PlantedLatent => {
    const activations = activationsOf(index, latent, meaning, seed);
    return {
      index: latent,
      kind: meaning.map(({ kind }) => kind).join('+'),
      meaning,
      explanation: describeMeaning(meaning),
      wrong: describeMeaning(wrongMeaning(all, meaning, rngFor(seed, 'planted wrong', latent))),
      examples: examplesOf(corpus, { table, latent: activations, protocol: RANDOM_ONLY, seed }),
    };
  });
  return { corpus, index, table, latents };
}

/**
 * Latents without a meaning: each fires on words that were drawn by lot, as often as one with a meaning does. What is
 * found of them is the null of a scorer that reads no explanation.
 */
export function meaninglessLatents({ corpus, table }: PlantedCoder, count: number, seed: number): PlantedLatent[] {
  return Array.from({ length: count }, (_, index): PlantedLatent => {
    const rng = rngFor(seed, 'planted without meaning', index);
    const places = sampleIndices(rng, corpus.words.length, Math.round(CHANCE_RATE * corpus.words.length))
      .filter((place) => corpus.words[place] !== '')
      .sort((a, b) => a - b);
    const latent = {
      latent: index,
      place: Uint32Array.from(places),
      value: Float32Array.from(places, () => STRENGTH.strength * Math.exp(STRENGTH.spread * gauss(rng))),
    };
    return { index, kind: 'none', meaning: [], explanation: '', wrong: '', examples: examplesOf(corpus, { table, latent, protocol: RANDOM_ONLY, seed }) };
  });
}

/** Of words: one window in eleven. */
const CHANCE_RATE = 0.003;

const STEP = 53;
const RANDOM_ONLY: Protocol = { ...ATLAS_PROTOCOL, negatives: { random: ATLAS_PROTOCOL.negatives.random } };

function wrongMeaning(all: readonly Meaning[], meaning: Meaning, rng: Rng): Meaning {
  const own = new Set(meaning.map((part) => JSON.stringify(part)));
  for (;;) {
    const other = all[rng.int(all.length)]!;
    if (!other.some((part) => own.has(JSON.stringify(part)))) return other;
  }
}

/** Where each part fires, over all rows: place by place in one sweep, as 324 sweeps would take seconds. */
export type FiringIndex = ReadonlyMap<string, readonly number[]>;

export function firingIndex({ words, layout }: Corpus): FiringIndex {
  const index = new Map<string, number[]>();
  for (let from = 0; from < words.length; from += layout.rowLength) {
    const row = words.slice(from, from + layout.rowLength);
    for (let i = 1; i < row.length; i++) {
      for (const part of partsAt(row, i)) {
        const key = describePart(part);
        const places = index.get(key);
        if (places) places.push(from + i);
        else index.set(key, [from + i]);
      }
    }
  }
  return index;
}

/** What a latent of this meaning would have in a store; the parts of a mixture may be of different strength. */
export function activationsOf(
  index: FiringIndex,
  latent: number,
  meaning: Meaning,
  seed: number,
  strengthOf: (part: number) => Strength = () => STRENGTH,
): LatentActivations {
  const rng = rngFor(seed, 'planted activations', latent);
  const values = new Map<number, number>();
  for (const [i, part] of meaning.entries()) {
    const { strength, spread } = strengthOf(i);
    for (const place of index.get(describePart(part)) ?? []) if (!values.has(place)) values.set(place, strength * Math.exp(spread * gauss(rng)));
  }
  const ordered = [...values].sort(([a], [b]) => a - b);
  return { latent, place: Uint32Array.from(ordered, ([place]) => place), value: Float32Array.from(ordered, ([, value]) => value) };
}

export function gauss(rng: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
}

/** Evidence and exam as the sample stage stores them. Throws where the sampler does not find the latent ready. */
export function examplesOf({ words, layout }: Corpus, request: ExamplesRequest): Example[] {
  const { train, test, negatives, status } = latentExamples(request);
  if (status !== 'ready') throw new Error(`planted latent ${request.latent.latent} is ${status}: plant more documents`);
  const valueAt = new Map(Array.from(request.latent.place, (place, i) => [place, request.latent.value[i]!]));
  const example = (origin: Origin, kind: Example['kind'], quantile: number | null): Example => {
    const { row, start, end } = shownSpan(layout, origin);
    const places = Array.from({ length: end - start }, (_, i) => row * layout.rowLength + start + i);
    const activations = places.map((place) => valueAt.get(place) ?? 0);
    const maxActivation = Math.max(...activations);
    const { key, split } = layout.documents[layout.document[row]!]!;
    return {
      row,
      start,
      split,
      kind,
      quantile,
      document: key,
      tokens: places.map((place) => ` ${words[place]!}`),
      activations,
      maxActivation,
      maxIndex: maxActivation > 0 ? activations.indexOf(maxActivation) : null,
    };
  };
  return [
    ...[...train, ...test].map(({ origin, quantile }) => example(origin, 'activating', quantile)),
    ...negatives.map((negative) => example(negative.origin, negative.class, null)),
  ];
}
