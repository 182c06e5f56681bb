import { rngFor, type Rng } from '#lib/random/rng.ts';

/**
 * A made-up language that both the planted texts and the oracle know, as authors and models know English: which words are
 * synonyms, which belong to a topic, which carry an ending. Nothing here knows of latents.
 */
export interface Language {
  /** Groups of four words of one meaning; no word is in two groups. */
  synonyms: readonly (readonly string[])[];
  /** Words by topic; the topic's name is no word of any text. */
  topics: ReadonlyMap<string, readonly string[]>;
  /** Words by ending; only these have one. */
  endings: ReadonlyMap<string, readonly string[]>;
  /** Words that announce the next one, such as titles before a name. */
  heralds: readonly string[];
  /** Signs at the beginning of paragraphs, verses and entries. */
  marks: readonly string[];
  /** All other words, the most frequent first. */
  common: readonly string[];
}

const ONSETS = ['b', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'z'];
const VOWELS = ['a', 'e', 'i', 'o', 'u'];
/** Endings hold letters that stems lack, so that no word has one by chance. */
const ENDING_LETTERS = ['x', 'j', 'w'];
const SYNONYM_GROUPS = 120;
const TOPICS = 24;
const WORDS_A_TOPIC = 12;
const WORDS_AN_ENDING = 6;
const HERALDS = 60;
const COMMON = 500;

export const MARKS = ['¶', '§', '※'] as const;

export const LANGUAGE: Language = createLanguage();

function createLanguage(): Language {
  const rng = rngFor('planted', 'language');
  const used = new Set<string>();
  const take = (count: number, make: (rng: Rng) => string = stem): string[] => {
    const out: string[] = [];
    while (out.length < count) {
      const word = make(rng);
      if (used.has(word)) continue;
      used.add(word);
      out.push(word);
    }
    return out;
  };
  const endings = ENDING_LETTERS.flatMap((letter) => VOWELS.flatMap((vowel) => [`${letter}${vowel}`, `${vowel}${letter}`]));
  return {
    synonyms: Array.from({ length: SYNONYM_GROUPS }, () => take(4)),
    topics: new Map(take(TOPICS, (draw) => `${stem(draw)}ology`).map((topic) => [topic, take(WORDS_A_TOPIC)])),
    endings: new Map(endings.map((ending) => [ending, take(WORDS_AN_ENDING, (draw) => stem(draw) + ending)])),
    heralds: take(HERALDS),
    marks: MARKS,
    common: take(COMMON),
  };
}

/** Two or three open syllables: no letter of an ending, no sign that a prompt uses. */
function stem(rng: Rng): string {
  const of = (letters: readonly string[]): string => letters[rng.int(letters.length)]!;
  return Array.from({ length: 2 + rng.int(2) }, () => of(ONSETS) + of(VOWELS)).join('');
}
