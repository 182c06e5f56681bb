import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices, type Rng } from '#lib/random/rng.ts';

/** A latent whose meaning is known because it was put there: it fires on its words and on nothing else. */
export interface PlantedLatent {
  index: number;
  words: string[];
  /** What a perfect explainer would say, in the words that `wordModel` understands. */
  explanation: string;
  /** 40 train windows, 50 test positives and 50 random negatives, as the sample stage deals them. */
  examples: Example[];
}

const WINDOW = 32;
const SYLLABLES = ['ba', 'de', 'fi', 'go', 'hu', 'ka', 'le', 'mi', 'no', 'pu', 'ra', 'se', 'ti', 'vo', 'zu'];

/** 600 made-up words of two or three syllables. */
const vocabulary = (rng: Rng): string[] => {
  const words = new Set<string>();
  while (words.size < 600) words.add(Array.from({ length: 2 + rng.int(2) }, () => SYLLABLES[rng.int(SYLLABLES.length)]).join(''));
  return [...words];
};

/** `count` latents of three words each over one vocabulary, their windows cut from made-up documents of five windows. */
export function plantedLatents(count: number, seed: number): PlantedLatent[] {
  const words = vocabulary(rngFor(seed, 'vocabulary'));
  return Array.from({ length: count }, (_, index) => {
    const rng = rngFor(seed, 'planted', index);
    const own = sampleIndices(rng, words.length, 3).map((i) => words[i] as string);
    const others = words.filter((word) => !own.includes(word));
    const example = (i: number, split: Example['split'], firing: boolean): Example => plant(rng, others, firing ? own : [], { index: i, split });
    return {
      index,
      words: own,
      explanation: `The words ${own.map((word) => `“${word}”`).join(', ')}`,
      examples: [
        ...Array.from({ length: 40 }, (_, i) => example(i, 'train', true)),
        ...Array.from({ length: 50 }, (_, i) => example(i, 'test', true)),
        ...Array.from({ length: 50 }, (_, i) => example(50 + i, 'test', false)),
      ],
    };
  });
}

function plant(rng: Rng, others: readonly string[], own: readonly string[], { index, split }: { index: number; split: Example['split'] }): Example {
  const tokens = Array.from({ length: WINDOW }, () => ` ${others[rng.int(others.length)]}`);
  const activations = new Array<number>(WINDOW).fill(0);
  const firing = own.length > 0 ? 1 + rng.int(2) : 0;
  for (const at of sampleIndices(rng, WINDOW, firing)) {
    tokens[at] = ` ${own[rng.int(own.length)]}`;
    activations[at] = Math.fround(1 + 9 * rng.next());
  }
  const maxActivation = Math.max(...activations);
  return {
    row: (split === 'train' ? 0 : 1000) + Math.floor(index / 5),
    start: 1 + WINDOW * (index % 5),
    split,
    kind: firing > 0 ? 'activating' : 'random',
    quantile: firing > 0 ? index % 10 : null,
    document: `${split}-${Math.floor(index / 5)}`,
    tokens,
    activations,
    maxActivation,
    maxIndex: firing > 0 ? activations.indexOf(maxActivation) : null,
  };
}
