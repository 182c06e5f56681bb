import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { DATA_RULE, fenced, oneLine } from '#gpu-worker/llm/prompt-text.ts';
import { DETECTION_SHOTS } from './few-shots.ts';

/** Raised when any word of the prompt or of the worked examples changes. */
export const DETECTION_TEMPLATE = 'detection-3';

const SYSTEM = `You are given a description of a pattern in text, and numbered texts cut from longer documents. Judge each text by itself, by the description alone: 1 if the pattern occurs in it, in a single word too, 0 if it does not. All may be 1, or none.
${DATA_RULE}

Answer with a JSON object, one verdict for each text in their order, and nothing else: {"verdicts": [1, 0, ...]}`;

/** Static part first and the same for every latent, so that a provider's prefix cache holds it. */
const STATIC_PART: readonly ChatMessage[] = [
  { role: 'system', content: SYSTEM },
  ...DETECTION_SHOTS.flatMap(({ description, texts, verdicts }): ChatMessage[] => [
    { role: 'user', content: question(description, texts, '') },
    { role: 'assistant', content: JSON.stringify({ verdicts }) },
  ]),
];

/**
 * The conversation that asks which of some texts show what an explanation describes. The explanation stands before the
 * texts, so that the prompts of one exam share it too as a prefix.
 *
 * @param key as for `fenced`
 * @param texts windows on one line each (`windowText`)
 */
export function detectionPrompt(explanation: string, texts: readonly string[], key: string): ChatMessage[] {
  return [...STATIC_PART, { role: 'user', content: question(oneLine(explanation), texts, key) }];
}

function question(description: string, texts: readonly string[], key: string): string {
  const count = texts.length === 1 ? 'one verdict' : `${texts.length} verdicts`;
  return `Description: ${description}\n${fenced(
    texts.map((text, i) => `${i + 1}: ${text}`),
    key,
  )}\nJSON with ${count}:`;
}
