import { rngFor } from '#lib/random/rng.ts';
import type { DoubleMessage } from './chat-endpoint.ts';

/**
 * A stand-in for a language model that knows one trick, words, and so can be checked: asked to explain, it names the
 * words that are marked most often; asked to judge, it says yes to a text that holds a word named in the description; asked
 * how strongly it fires on tokens, it says most on those that hold such a word and nothing on others; asked
 * for an intruder, it names the text whose marked words the others do not have.
 * It reads the prompts as a stranger would, sharing no code with what wrote them.
 *
 * @param errorRate share of verdicts turned round, seeded by the text
 */
export function wordModel({ errorRate = 0 }: { errorRate?: number } = {}): (messages: DoubleMessage[]) => string {
  return (messages) => {
    // Asked for the same again, it looks at what the conversation was about.
    const asked = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    const last = asked.at(-1) ?? '';
    const question = last.startsWith('That answer cannot be used') ? (asked.at(-2) ?? '') : last;
    if (/ activations\.$/.test(question)) return JSON.stringify({ activations: simulate(question) });
    if (question.startsWith('Description: ')) return JSON.stringify({ verdicts: judge(question, errorRate) });
    if (question.includes('intruder')) return JSON.stringify({ intruder: oddOneOut(question) });
    if (question.includes('«')) return JSON.stringify({ explanation: explain(question) });
    return 'yes';
  };
}

/** Number of the text whose marked words fewest others have marked. */
function oddOneOut(question: string): number {
  const marked = numbered(question).map((text) => new Set([...text.matchAll(/«([^»]*)»/g)].flatMap((match) => words(match[1] as string))));
  const company = marked.map((own) => marked.filter((other) => other !== own && [...own].some((word) => other.has(word))).length);
  return company.indexOf(Math.min(...company)) + 1;
}

/** Numbered texts of a prompt: `7: text`. */
function numbered(question: string): string[] {
  return [...question.matchAll(/^\d+: (.*)$/gm)].map((match) => match[1] as string);
}

function words(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

function explain(question: string): string {
  const counts = new Map<string, number>();
  for (const text of numbered(question)) {
    const marked = new Set([...text.matchAll(/«([^»]*)»/g)].flatMap((match) => words(match[1] as string)));
    for (const word of marked) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 5);
  return ranked.length === 0 ? 'No word in particular' : `The words ${ranked.map(([word]) => `“${word}”`).join(', ')}`;
}

/** Words in quotation marks are the rule; a description without any is taken word by word, short ones left out. */
function judge(question: string, errorRate: number): (0 | 1)[] {
  const rule = ruleOf(question);
  return numbered(question).map((text) => {
    const truth = words(text).some((word) => rule.has(word));
    return Number(truth !== rngFor('word model', text).next() < errorRate) as 0 | 1;
  });
}

/** Numbered tokens of a prompt: `7: text`, the space the token's own. */
function simulate(question: string): { i: number; a: number }[] {
  const rule = ruleOf(question);
  return [...question.matchAll(/^(\d+):(.*)$/gm)].map(([, i, token]) => ({ i: Number(i), a: words(token as string).some((word) => rule.has(word)) ? 10 : 0 }));
}

function ruleOf(question: string): Set<string> {
  const description = /^Description: (.*)$/m.exec(question)?.[1] ?? '';
  const quoted = [...description.matchAll(/“([^”]*)”/g)].flatMap((match) => words(match[1] as string));
  return new Set(quoted.length > 0 ? quoted : words(description).filter((word) => word.length > 3));
}
