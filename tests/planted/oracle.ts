import { rngFor } from '#lib/random/rng.ts';
import type { DoubleMessage, Spoken, SpokenToken } from '#tests/doubles/chat-endpoint.ts';
import { describeMeaning, describePart, firesAt, partsAt, readMeaning, type Part } from './meaning.ts';

export interface OracleOptions {
  /** Share of items judged the other way round, seeded by explanation and item: asked again, it errs again. */
  errorRate?: number;
  /** Tells errors of one oracle from those of another. */
  seed?: number;
}

/**
 * A language model that knows the planted language and can follow a rule that is told to it, so that everything around it
 * can be checked. It sees the rendered prompts and nothing else, and shares no code with what wrote them. Told nothing in
 * the form that it understands, it says no to everything.
 */
export class Oracle {
  readonly #errorRate: number;
  readonly #seed: number;

  constructor({ errorRate = 0, seed = 0 }: OracleOptions = {}) {
    this.#errorRate = errorRate;
    this.#seed = seed;
  }

  /** Answers a conversation as the question in its last message asks. */
  chat(messages: readonly DoubleMessage[]): string | Spoken {
    // A conversation that goes on after an answer that could not be used still has its texts further up.
    const question = messages.findLast(({ role, content }) => role === 'user' && readQuestion(content).texts.length > 0)?.content ?? '';
    const asked = wordsAskedFor(messages);
    const { texts, rest } = readQuestion(question);
    if (asked.has('explanation')) return JSON.stringify({ explanation: explain(texts) });
    if (asked.has('intruder')) return JSON.stringify({ intruder: this.intruder(texts) + 1 });
    const parts = readMeaning(rest);
    if (asked.has('activations')) return JSON.stringify({ activations: this.levels(parts, texts).map((a, i) => ({ i, a })) });
    if (asked.has('verdicts')) return spokenVerdicts(texts.map((text) => this.believes(parts, text)));
    return 'yes';
  }

  /**
   * Index of the text whose marks do not fit the others': the fewest things that account for all marks of all texts but
   * one. Where several texts could be meant, or none, it guesses.
   */
  intruder(texts: readonly string[]): number {
    const rng = rngFor('oracle intruder', this.#seed, ...texts);
    const candidates = oddOnesOut(texts);
    const guess = candidates.length > 0 ? candidates[rng.int(candidates.length)]! : rng.int(texts.length);
    // An error is one of the others.
    return rng.next() < this.#errorRate ? (guess + 1 + rng.int(texts.length - 1)) % texts.length : guess;
  }

  /**
   * What something that fires on some parts would do on each token of a text, 0 or 9. Where it errs, it takes a text in
   * which something fires for silent, and lets one token of a silent text fire.
   */
  levels(parts: readonly Part[], tokens: readonly string[]): number[] {
    const words = tokens.map((token) => bare(token.trim()));
    const levels = words.map((_, i) => (parts.some((part) => firesAt(part, words, i)) ? LEVEL : 0));
    const rng = rngFor('oracle levels', this.#seed, parts.map(describePart).join(), ...words);
    if (rng.next() >= this.#errorRate) return levels;
    const silent = levels.every((level) => level === 0);
    const fires = rng.int(words.length);
    return levels.map((_, i) => (silent && i === fires ? LEVEL : 0));
  }

  /**
   * How likely it finds that a text shows what an explanation says, above ½ for yes. Where places of the text are marked,
   * all of them must be what the explanation says.
   */
  believes(parts: readonly Part[], text: string): number {
    const { words, marked } = readText(text);
    const fires = (i: number): boolean => parts.some((part) => firesAt(part, words, i));
    const truth = marked.length > 0 ? marked.every(fires) : words.some((_, i) => fires(i));
    const rng = rngFor('oracle', this.#seed, parts.map(describePart).join(), text);
    const says = truth !== rng.next() < this.#errorRate;
    // Sure, but not equally sure of all: probabilities without ties.
    const confidence = 0.9 + 0.09 * rng.next();
    return says ? confidence : 1 - confidence;
  }
}

/** The same wherever something fires: how strongly is not said. */
const LEVEL = 9;

/** Keys of the JSON that the prompt wants to have. */
function wordsAskedFor(messages: readonly DoubleMessage[]): Set<string> {
  return new Set(
    messages.flatMap(({ role, content }) => (role === 'assistant' ? [] : [...content.matchAll(/\{"(\w+)":/g)].map((match) => match[1] as string))),
  );
}

const ITEM = /^\d+: /;

/** Numbered texts of a question, `7: text`, and all that stands around them. */
export function readQuestion(question: string): { texts: string[]; rest: string } {
  const texts: string[] = [];
  const rest: string[] = [];
  for (const line of question.split('\n')) {
    const number = ITEM.exec(line);
    if (number) texts.push(line.slice(number[0].length));
    else rest.push(line);
  }
  return { texts, rest: rest.join('\n') };
}

/** A text's words, and which of them stand between « and ». */
export function readText(text: string): { words: string[]; marked: number[] } {
  const words: string[] = [];
  const marked: number[] = [];
  let inside = false;
  for (const [piece] of text.matchAll(/«|»|[^\s«»]+/g)) {
    if (piece === '«') inside = true;
    else if (piece === '»') inside = false;
    else {
      if (inside) marked.push(words.length);
      words.push(bare(piece));
    }
  }
  return { words, marked };
}

/** Texts that are left alone by a set of one part, or of two, that accounts for every mark of all the others. */
function oddOnesOut(texts: readonly string[]): number[] {
  const marks = texts.map((text) => {
    const { words, marked } = readText(text);
    return marked.map((i) => new Set(partsAt(words, i).map(describePart)));
  });
  const keys = [...new Set(marks.flat(1).flatMap((parts) => [...parts]))].sort();
  const leftAlone = (chosen: readonly string[]): number[] =>
    marks.flatMap((places, i) => (places.length > 0 && places.every((parts) => chosen.some((key) => parts.has(key))) ? [] : [i]));
  const found = new Set<number>();
  for (const key of keys) {
    const left = leftAlone([key]);
    if (left.length === 1) found.add(left[0]!);
  }
  if (found.size > 0) return [...found];
  for (const [i, one] of keys.entries()) {
    for (const other of keys.slice(i + 1)) {
      const left = leftAlone([one, other]);
      if (left.length === 1) found.add(left[0]!);
    }
  }
  return [...found];
}

/** Without punctuation and capitals, which the planted language does not have. */
const bare = (piece: string): string => (PLAIN.test(piece) ? piece : piece.toLowerCase().replace(/^[^\p{L}\p{N}]+(?=.)|(?<=.)[^\p{L}\p{N}]+$/gu, ''));
const PLAIN = /^[a-z]+$/;

/** Parts that a reader needs at most: a mixture has two. */
const MAX_PARTS = 2;
/** Share of the marked words that a part must account for to be named. */
const MIN_SHARE = 0.15;

/** What the marked words have in common: the part that accounts for most of them, then for most of those left. */
function explain(texts: readonly string[]): string {
  let open = texts.flatMap((text) => {
    const { words, marked } = readText(text);
    return marked.map((i) => {
      // A word of another language stands for itself.
      const parts = partsAt(words, i);
      return new Map((parts.length > 0 ? parts : [wordItself(words[i] as string)]).map((part) => [describePart(part), part]));
    });
  });
  const all = open.length;
  const found: Part[] = [];
  while (found.length < MAX_PARTS && open.length > 0) {
    const counts = new Map<string, { part: Part; count: number }>();
    for (const parts of open) {
      for (const [key, part] of parts) counts.set(key, { part, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    const [best] = [...counts].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1));
    if (!best || best[1].count < MIN_SHARE * all) break;
    found.push(best[1].part);
    open = open.filter((parts) => !parts.has(best[0]));
  }
  return found.length === 0 ? 'Nothing in particular' : describeMeaning(found);
}

const wordItself = (word: string): Part => ({ kind: 'words', words: [word] });

/** `{"verdicts":[1,0]}`, a token a verdict, with the chances of 0 and 1 at each. */
function spokenVerdicts(beliefs: readonly number[]): Spoken {
  const tokens: SpokenToken[] = [sure('{"'), sure('verdicts'), sure('":[')];
  beliefs.forEach((p, i) => {
    if (i > 0) tokens.push(sure(','));
    const top = [
      { token: '1', logprob: Math.log(p) },
      { token: '0', logprob: Math.log(1 - p) },
    ].sort((a, b) => b.logprob - a.logprob);
    tokens.push({ ...top[0]!, top });
  });
  tokens.push(sure(']}'));
  return { text: tokens.map(({ token }) => token).join(''), tokens };
}

const sure = (token: string): SpokenToken => ({ token, logprob: -1e-4, top: [{ token, logprob: -1e-4 }] });
