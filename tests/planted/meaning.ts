import { LANGUAGE } from './language.ts';

/** What a planted latent fires on. */
export type Part =
  | { kind: 'words'; words: readonly string[] }
  | { kind: 'topic'; topic: string }
  | { kind: 'ending'; ending: string }
  | { kind: 'after'; word: string }
  /** The nth word behind a mark, the first being 1. */
  | { kind: 'place'; mark: string; nth: number };

/** One part, or a mixture of two. */
export type Meaning = readonly Part[];

/** A sentence in the one form that `readMeaning` finds again. */
export function describeMeaning(meaning: Meaning): string {
  return `It fires on ${meaning.map(describePart).join('; or on ')}.`;
}

export function describePart(part: Part): string {
  switch (part.kind) {
    case 'words':
      return `the words of the list [${part.words.join(', ')}]`;
    case 'topic':
      return `words of the topic [${part.topic}]`;
    case 'ending':
      return `words with the ending [${part.ending}]`;
    case 'after':
      return `the word after [${part.word}]`;
    case 'place':
      return `word [${part.nth}] after the mark [${part.mark}]`;
  }
}

const FORMS =
  /the words of the list \[([^\]]*)\]|words of the topic \[([^\]]*)\]|words with the ending \[([^\]]*)\]|the word after \[([^\]]*)\]|word \[(\d+)\] after the mark \[([^\]]*)\]/g;

/** What a text says that something fires on, in order; empty where it says nothing in the form. */
export function readMeaning(text: string): Part[] {
  return [...text.matchAll(FORMS)].map(([, words, topic, ending, after, nth, mark]): Part => {
    if (words !== undefined) return { kind: 'words', words: words.split(', ') };
    if (topic !== undefined) return { kind: 'topic', topic };
    if (ending !== undefined) return { kind: 'ending', ending };
    if (after !== undefined) return { kind: 'after', word: after };
    return { kind: 'place', mark: mark as string, nth: Number(nth) };
  });
}

/** Whether a part fires on the word at `i` of a text. */
export function firesAt(part: Part, words: readonly string[], i: number): boolean {
  const word = words[i] as string;
  switch (part.kind) {
    case 'words':
      return part.words.includes(word);
    case 'topic':
      return LANGUAGE.topics.get(part.topic)?.includes(word) ?? false;
    case 'ending':
      return word.endsWith(part.ending);
    case 'after':
      return words[i - 1] === part.word;
    case 'place':
      return words[i - part.nth] === part.mark && !words.slice(i - part.nth + 1, i + 1).some((between) => LANGUAGE.marks.includes(between));
  }
}

/** Words in which any part fires: their indices. */
export function firing(meaning: Meaning, words: readonly string[]): number[] {
  return words.flatMap((_, i) => (meaning.some((part) => firesAt(part, words, i)) ? [i] : []));
}

/** Everything that the word at `i` could have fired for, most telling first; nothing for a common word. */
export function partsAt(words: readonly string[], i: number): Part[] {
  const word = words[i] as string;
  const parts: Part[] = [];
  const group = GROUP_OF.get(word);
  if (group !== undefined) parts.push({ kind: 'words', words: group });
  const topic = TOPIC_OF.get(word);
  if (topic !== undefined) parts.push({ kind: 'topic', topic });
  const ending = ENDING_OF.get(word);
  if (ending !== undefined) parts.push({ kind: 'ending', ending });
  const before = words[i - 1];
  if (before !== undefined && HERALDS.has(before)) parts.push({ kind: 'after', word: before });
  for (let nth = 1; nth <= MAX_NTH && i - nth >= 0; nth++) {
    const mark = words[i - nth] as string;
    if (!LANGUAGE.marks.includes(mark)) continue;
    parts.push({ kind: 'place', mark, nth });
    break;
  }
  return parts;
}

/** Behind a mark nobody counts further. */
export const MAX_NTH = 9;

const GROUP_OF = new Map(LANGUAGE.synonyms.flatMap((group) => group.map((word) => [word, group] as const)));
const TOPIC_OF = new Map([...LANGUAGE.topics].flatMap(([topic, words]) => words.map((word) => [word, topic] as const)));
const ENDING_OF = new Map([...LANGUAGE.endings].flatMap(([ending, words]) => words.map((word) => [word, ending] as const)));
const HERALDS = new Set(LANGUAGE.heralds);
