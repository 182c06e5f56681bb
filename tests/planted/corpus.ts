import { rngFor, sampleIndices, type Rng } from '#lib/random/rng.ts';
import { SPLIT_SHARES } from '#lib/example/split-shares.ts';
import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import type { Split } from '#lib/example/schema.ts';
import type { RowLayout } from '#gpu-worker/examples/windows.ts';
import { LANGUAGE } from './language.ts';
import { MAX_NTH } from './meaning.ts';

/** Rows of made-up text, a token a word, as collecting them would pack them: BOS first, a document a row or several. */
export interface Corpus {
  layout: RowLayout;
  /** Word of each token id; '' is BOS. */
  vocabulary: readonly string[];
  /** [rows, rowLength] token ids. */
  tokens: Int32Array;
  /** The same as words. */
  words: readonly string[];
}

const WINDOW = ATLAS_PROTOCOL.windowLength;
export const ROW_LENGTH = 8 * WINDOW;
const MAX_ROWS_A_DOCUMENT = 3;
/** Share of the words of each kind; the rest is common. With these a latent fires in 4 to 20 % of all windows. */
const SHARES = { synonyms: 0.25, topics: 0.09, endings: 0.08, heralds: 0.12, marks: 0.012 };
/** Groups, endings and heralds that a document is fond of, and how many times as often it uses them. */
const FAVOURITES = 14;
const FONDNESS = 8;
const TOPICS_A_DOCUMENT = 2;
/** Share of a document's topical words that belong to none of its topics. */
const STRAY = 0.15;

/**
 * Documents of one to three rows. Each is about two topics and is fond of a few words, so that windows of one document
 * are alike. What a latent may look back at (a herald, a mark) never lies in the window before: 32 words are enough to
 * judge by.
 */
export function plantedCorpus({ documents, seed }: { documents: number; seed: number }): Corpus {
  const vocabulary = ['', ...allWords()];
  const ids = new Map(vocabulary.map((word, id) => [word, id]));
  const words: string[] = [];
  const document: number[] = [];
  for (let i = 0; i < documents; i++) {
    const rng = rngFor(seed, 'planted document', i);
    const draw = writer(rng);
    const rows = 1 + rng.int(MAX_ROWS_A_DOCUMENT);
    for (let row = 0; row < rows; row++) {
      document.push(i);
      words.push('');
      for (let place = 1; place < ROW_LENGTH; place++) words.push(draw(WINDOW - 1 - (place % WINDOW)));
    }
  }
  return {
    layout: {
      rows: document.length,
      rowLength: ROW_LENGTH,
      documents: Array.from({ length: documents }, (_, i) => ({ key: `document-${i}`, split: sideOf(rngFor(seed, 'planted side', i).next()) })),
      document: Uint32Array.from(document),
      length: new Uint16Array(document.length).fill(ROW_LENGTH),
    },
    vocabulary,
    tokens: Int32Array.from(words, (word) => ids.get(word)!),
    words,
  };
}

function allWords(): string[] {
  const { synonyms, topics, endings, heralds, marks, common } = LANGUAGE;
  return [...synonyms.flat(), ...[...topics.values()].flat(), ...[...endings.values()].flat(), ...heralds, ...marks, ...common];
}

function sideOf(draw: number): Split {
  if (draw < SPLIT_SHARES.train) return 'train';
  return draw < SPLIT_SHARES.train + SPLIT_SHARES.test ? 'test' : 'reserve';
}

/** A document's author: gives the next word, told how many words of the window are left behind it. */
function writer(rng: Rng): (left: number) => string {
  const of = <T>(list: readonly T[]): T => list[rng.int(list.length)]!;
  const fond = <T>(list: readonly T[]): (() => T) => {
    const favourites = sampleIndices(rng, list.length, Math.round((FAVOURITES * list.length) / 100)).map((i) => list[i]!);
    const share = (favourites.length * FONDNESS) / (favourites.length * FONDNESS + list.length);
    return () => (favourites.length > 0 && rng.next() < share ? of(favourites) : of(list));
  };
  const group = fond(LANGUAGE.synonyms);
  const ending = fond([...LANGUAGE.endings.values()]);
  const herald = fond(LANGUAGE.heralds);
  const allTopics = [...LANGUAGE.topics.values()];
  const topics = sampleIndices(rng, allTopics.length, TOPICS_A_DOCUMENT).map((i) => allTopics[i]!);
  const common = (): string => LANGUAGE.common[Math.floor(LANGUAGE.common.length * rng.next() ** 2)]!;
  let sinceMark = MAX_NTH;
  return (left) => {
    sinceMark++;
    let draw = rng.next();
    const falls = (share: number): boolean => (draw -= share) < 0;
    if (falls(SHARES.synonyms)) return of(group());
    if (falls(SHARES.topics)) return of(of(rng.next() < STRAY ? allTopics : topics));
    if (falls(SHARES.endings)) return of(ending());
    if (falls(SHARES.heralds)) return left > 0 ? herald() : common();
    // The words counted behind a mark must lie in its window, and in no other mark's count.
    if (falls(SHARES.marks) && left >= MAX_NTH && sinceMark > MAX_NTH) {
      sinceMark = 0;
      return of(LANGUAGE.marks);
    }
    return common();
  };
}
