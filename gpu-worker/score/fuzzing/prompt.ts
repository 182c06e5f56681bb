import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { DATA_RULE, fenced, oneLine } from '#gpu-worker/llm/prompt-text.ts';
import { FUZZING_SHOTS } from './few-shots.ts';

/** Raised when any word of the prompt or of the worked examples changes. */
export const FUZZING_TEMPLATE = 'fuzzing-3';

const SYSTEM = `You are given a description of a pattern in text, and numbered texts cut from longer documents, in which some places stand between « and »: phrases, words or pieces of words. Judge the marks of each text by itself, by the description alone: 1 if everything marked shows the pattern, 0 if anything marked does not. What shows it unmarked does not count. All may be 1, or none.
${DATA_RULE}

Answer with a JSON object, one verdict for each text in their order, and nothing else: {"verdicts": [1, 0, ...]}`;

/** Static part first and the same for every latent, so that a provider's prefix cache holds it. */
const STATIC_PART: readonly ChatMessage[] = [
  { role: 'system', content: SYSTEM },
  ...FUZZING_SHOTS.flatMap(({ description, texts, verdicts }): ChatMessage[] => [
    { role: 'user', content: question(description, texts, '') },
    { role: 'assistant', content: JSON.stringify({ verdicts }) },
  ]),
];

/**
 * The conversation that asks which of some marked texts are marked as an explanation says. The explanation stands before
 * the texts, so that the prompts of one exam share it too as a prefix.
 *
 * @param key as for `fenced`
 * @param texts windows on one line each (`markedText`)
 */
export function fuzzingPrompt(explanation: string, texts: readonly string[], key: string): ChatMessage[] {
  return [...STATIC_PART, { role: 'user', content: question(oneLine(explanation), texts, key) }];
}

function question(description: string, texts: readonly string[], key: string): string {
  const count = texts.length === 1 ? 'one verdict' : `${texts.length} verdicts`;
  return `Description: ${description}\n${fenced(
    texts.map((text, i) => `${i + 1}: ${text}`),
    key,
  )}\nJSON with ${count}:`;
}
