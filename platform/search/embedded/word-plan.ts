import type { Pool } from 'pg';
import { allowedTypos, editDistance } from '#lib/search/edit-distance.ts';
import type { QueryWords } from '#lib/search/query-words.ts';
import { allOf, anyOf, type LexemeWeights, lexemeQuery, phraseQuery, prefixQuery } from './tsquery.ts';

/** One word of the query and all that counts as finding it. */
export interface WordTerm {
  /** The word's rarity in the index (inverse document frequency). */
  weight: number;
  /** Best first; `quality` in (0, 1] is what a match of this kind is worth. */
  alternatives: { query: string; quality: number }[];
  /** Any of the alternatives. */
  any: string;
}

/** What the words of a query ask of an entry; an entry is found by words when it has the phrases and enough of the terms. */
export interface WordPlan {
  /** Empty when the words cannot find anything. */
  terms: WordTerm[];
  /** Summed rarity of all words typed, those that the index does not know included. */
  totalWeight: number;
  /** Summed rarity that an entry's words must reach. */
  leastWeight: number;
  /** Must match; null without phrases. */
  phrases: string | null;
}

/** What a match is worth where the text begins: the word as it stands, another form of it, a word it begins, a corrected typo. */
const QUALITY = { exact: 1, stem: 0.95, prefix: 0.6, typo: 0.5, typoStep: 0.1 } as const;
/** What is left of that further on: a text begins with what it is about. */
const MENTION = 0.8;

/** Share of the query's summed rarity that an entry must have; below it a match is by chance or by a common word. */
const MIN_COVERAGE = 0.25;
/** Words searched at most; the rarest are kept. Beyond this a query is a text, and its meaning serves better. */
const MAX_TERMS = 12;
/** A word begun: one letter begins a tenth of the vocabulary. */
const MIN_PREFIX = 2;
/** Nearest words by trigrams that are looked at for a typo; the intended one is nearly always among the first ten. */
const TYPO_CANDIDATES = 40;
/** A word in this few entries may itself be a misprint: a correction found five times as often is searched as well. */
const RARE_ENTRIES = 2;
const CORRECTION_FACTOR = 5;

interface TypedWord {
  part: number;
  lexeme: string;
  position: number;
  /** Null for a stop word. */
  stem: string | null;
  /** Entries with a word of the same stem (of the same word for stop words). */
  known: number;
}

/** Looks the words of a query up in the index's vocabulary. Throws what the database throws. */
export async function planWords(pool: Pool, { free, phrases, openEnded }: QueryWords): Promise<WordPlan> {
  if (free === '' && phrases.length === 0) return { terms: [], totalWeight: 0, leastWeight: 0, phrases: null };
  const { rows } = await pool.query<TypedWord & { total: number }>(ANALYSE, [[free, ...phrases]]);
  const total = rows[0]?.total ?? 0;
  const typed = rows.filter((row) => row.part === 1);
  const last = openEnded ? typed.at(-1) : undefined;
  const words = contentWords(typed, phrases.length > 0);
  const begun = last && last.lexeme.length >= MIN_PREFIX && words.includes(last) ? last : undefined;

  const begins = begun ? await countPrefix(pool, begun.lexeme) : 0;
  const doubtful = words.filter((word) => word.known <= RARE_ENTRIES && (word !== begun || begins <= RARE_ENTRIES) && allowedTypos(word.lexeme) > 0);
  const corrections = doubtful.length > 0 ? await findCorrections(pool, doubtful) : new Map<string, Correction[]>();

  const all = words.map((word) => buildTerm(word, word === begun ? begins : 0, corrections.get(word.lexeme) ?? [], total));
  const kept = all.sort((a, b) => b.weight - a.weight).slice(0, MAX_TERMS);
  const phraseQueries = phrases.map((_, i) => phraseQuery(rows.filter((row) => row.part === i + 2))).filter((query) => query !== '');
  const known = kept.filter((term) => term.alternatives.length > 0);
  const totalWeight = sumOfWeights(kept);
  const leastWeight = MIN_COVERAGE * totalWeight;
  return {
    terms: sumOfWeights(known) >= leastWeight ? known : [],
    totalWeight,
    leastWeight,
    phrases: phraseQueries.length > 0 ? allOf(phraseQueries) : null,
  };
}

function sumOfWeights(terms: WordTerm[]): number {
  return terms.reduce((sum, term) => sum + term.weight, 0);
}

/** Distinct words without stop words; only if nothing else was typed do stop words count. */
function contentWords(typed: TypedWord[], hasPhrases: boolean): TypedWord[] {
  const content = typed.filter((word) => word.stem !== null);
  const chosen = content.length > 0 || hasPhrases ? content : typed;
  // The last place of a repeated word, so that a word typed again at the end can still be the one just begun.
  return [...new Map(chosen.map((word) => [word.lexeme, word])).values()];
}

function buildTerm(word: TypedWord, begins: number, corrections: Correction[], total: number): WordTerm {
  const alternatives: WordTerm['alternatives'] = [];
  const any: string[] = [];
  const add = (write: (weights: LexemeWeights) => string, [head, all]: [LexemeWeights, LexemeWeights], quality: number): void => {
    alternatives.push({ query: write(head), quality }, { query: write(all), quality: quality * MENTION });
    any.push(write(all));
  };
  const asItStands = (lexeme: string, quality: number): void => add((weights) => lexemeQuery(lexeme, weights), ['a', 'ab'], quality);
  const stemmed = (stem: string, quality: number): void => add((weights) => lexemeQuery(stem, weights), ['c', 'cd'], quality);
  if (word.known > 0) {
    asItStands(word.lexeme, QUALITY.exact);
    if (word.stem !== null) stemmed(word.stem, QUALITY.stem);
    // Whoever has the word has its stem: looking up one of them finds both.
    any.splice(0, any.length - 1);
  }
  if (begins > 0) add((weights) => prefixQuery(word.lexeme, weights), ['a', 'ab'], QUALITY.prefix);
  for (const { lexeme, stem, distance } of corrections) {
    const quality = QUALITY.typo - QUALITY.typoStep * (distance - 1);
    if (stem === null) asItStands(lexeme, quality);
    else stemmed(stem, quality);
  }
  const entries = Math.min(total, word.known || begins || corrections.reduce((sum, correction) => sum + correction.entries, 0));
  return {
    weight: rarity(total, entries),
    alternatives: alternatives.sort((a, b) => b.quality - a.quality),
    any: anyOf([...new Set(any)]),
  };
}

/** Inverse document frequency as in BM25 (Robertson and Zaragoza 2009), never quite nothing. */
function rarity(total: number, entries: number): number {
  return Math.max(0.05, Math.log(1 + (total - entries + 0.5) / (entries + 0.5)));
}

interface Correction {
  lexeme: string;
  stem: string | null;
  entries: number;
  distance: number;
}

/** Words of the index within the typos allowed, the nearest only, by word typed. */
async function findCorrections(pool: Pool, words: TypedWord[]): Promise<Map<string, Correction[]>> {
  const { rows } = await pool.query<{ typed: string; lexeme: string; stem: string | null; entries: number }>(NEAREST_WORDS, [
    words.map((word) => word.lexeme),
    TYPO_CANDIDATES,
  ]);
  const found = new Map<string, Correction[]>();
  for (const word of words) {
    const limit = allowedTypos(word.lexeme);
    const near = rows
      .filter((row) => row.typed === word.lexeme && row.lexeme !== word.lexeme && (word.stem === null || row.stem !== word.stem))
      .filter((row) => row.entries >= CORRECTION_FACTOR * word.known)
      .map(({ lexeme, stem, entries }) => ({ lexeme, stem, entries, distance: editDistance(word.lexeme, lexeme, limit) }))
      .filter((correction) => correction.distance <= limit);
    const least = Math.min(...near.map((correction) => correction.distance));
    found.set(
      word.lexeme,
      near.filter((correction) => correction.distance === least),
    );
  }
  return found;
}

async function countPrefix(pool: Pool, prefix: string): Promise<number> {
  const { rows } = await pool.query<{ entries: number }>(COUNT_PREFIX, [prefix]);
  return rows[0]!.entries;
}

const ANALYSE = `
  WITH typed AS (
    SELECT part::int, lexeme, position::int, (ts_lexize('english_stem', lexeme))[1] AS stem
    FROM unnest($1::text[]) WITH ORDINALITY AS part(body, part),
      unnest(to_tsvector('atlas_plain', body)) AS word(lexeme, positions, weights),
      unnest(positions) AS position
  )
  SELECT typed.*, state.entries::float8 AS total, coalesce(known, 0)::float8 AS known
  FROM typed
  CROSS JOIN search_state AS state
  LEFT JOIN LATERAL (
    SELECT sum(entries) AS known FROM search_words WHERE search_words.stem = typed.stem
    UNION ALL
    SELECT sum(entries) FROM search_words WHERE word = typed.lexeme AND typed.stem IS NULL
  ) AS family ON known IS NOT NULL
  ORDER BY part, position`;

// C collation: U+10FFFF sorts after every letter, so this is a range of the primary key.
const COUNT_PREFIX = `
  SELECT coalesce(sum(entries), 0)::float8 AS entries FROM search_words
  WHERE word >= $1 AND word < $1 || U&'\\+10FFFF'`;

const NEAREST_WORDS = `
  SELECT typed, near.word AS lexeme, near.stem, near.entries
  FROM unnest($1::text[]) AS typed,
    LATERAL (SELECT word, stem, entries FROM search_words ORDER BY word <-> typed LIMIT $2) AS near
  WHERE near.entries > 0`;
