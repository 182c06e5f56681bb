import { z } from 'zod';
import { DATA_RULE, fenced, oneLine } from '#gpu-worker/llm/prompt-text.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { SIMULATION_SHOTS } from './shots.ts';

/** Raised when any word of the prompt or of the worked examples changes. */
export const SIMULATION_JSON_TEMPLATE = 'simulation-json-3';

const STRONGEST = 10;
const SYSTEM = `You are given a description of the pattern in text that a unit of a language model responds to, and the tokens of one text, numbered. Predict how strongly the unit responds on each token: a number from 0, silent, to ${STRONGEST}, its strongest. Most tokens are 0.

- Predict from the description alone, for each token where it stands: the same token may count in one place and not in another.
- ${DATA_RULE}

Answer with a JSON object that gives for each token, in their order, its number "i" and the activation "a", and nothing else: {"activations": [{"i": 0, "a": 0}, …]}`;

/** Static part first and the same for every latent, so that a provider's prefix cache holds it. */
const STATIC_PART: readonly ChatMessage[] = [
  { role: 'system', content: SYSTEM },
  ...SIMULATION_SHOTS.flatMap(({ description, texts: [text] }): ChatMessage[] => [
    {
      role: 'user',
      content: question(
        description,
        text!.tokens.map(([token]) => token),
        '',
      ),
    },
    { role: 'assistant', content: JSON.stringify({ activations: text!.tokens.map(([, a], i) => ({ i, a })) }) },
  ]),
];

/** The conversation that asks for the activations on one window's tokens (`windowTokens`). `key`: as for `fenced`. */
export function simulationPrompt(explanation: string, lines: readonly string[], key: string): ChatMessage[] {
  return [...STATIC_PART, { role: 'user', content: question(oneLine(explanation), lines, key) }];
}

function question(description: string, lines: readonly string[], key: string): string {
  return `Description: ${description}\n${fenced(
    lines.map((line, i) => `${i}:${line}`),
    key,
  )}\nAnswer with the JSON object, ${lines.length} activations.`;
}

/** The form of the answer for a window of `count` tokens: every token once, by its number, so that none is slipped. */
export function simulationAnswer(count: number) {
  return z.strictObject({
    activations: z
      .array(z.strictObject({ i: z.number().int().min(0), a: z.number().min(0).max(STRONGEST) }))
      .length(count)
      .refine((list) => list.every(({ i }, place) => i === place), 'the numbers of the tokens must be 0, 1, 2 … in their order'),
  });
}
