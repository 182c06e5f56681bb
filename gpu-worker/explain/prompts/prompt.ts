import { DATA_RULE, fenced, promptHash } from '#gpu-worker/llm/prompt-text.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import type { Marked } from './highlight.ts';

/** A rendered question: what is the same for every latent first, so that a provider's prefix cache holds it. */
export interface Prompt {
  /** Name and version: raised when any word of the fixed part or of the question's frame changes. */
  template: string;
  fixed: readonly ChatMessage[];
  question: ChatMessage;
  /** Whether notes are asked for before the phrase. */
  reasoning: boolean;
}

export const messagesOf = ({ fixed, question }: Prompt): ChatMessage[] => [...fixed, question];

export const hashesOf = (prompt: Prompt): { template: string; templateHash: string; promptHash: string } => ({
  template: prompt.template,
  templateHash: promptHash(prompt.fixed),
  promptHash: promptHash(messagesOf(prompt)),
});

/** What every prompt of ours says of the answer. The limits are checked in `phrase.ts`; a phrase of 30 words has some 200 characters. */
export const PHRASE_RULES = `- Prefer what explains nearly all excerpts, the weak ones too, over what fits only the strongest. A few excerpts may be noise.
- Be as specific as the excerpts allow: a reader who sees only your phrase must be able to tell text that makes the unit active from text that does not.
- Name the pattern; list words only if those words are the pattern.
- Do not speak of excerpts, marks, strengths or the unit.
- ${DATA_RULE}`;

/** The end of every system message. */
export const answerInstruction = (reasoning: boolean): string =>
  reasoning
    ? `First take notes, in at most 120 words: which marked words stand out, what they and their surroundings have in common, one hypothesis and whether each excerpt fits it. Then answer with a JSON object and nothing else: {"notes": "…", "explanation": "…"}`
    : `Answer with a JSON object and nothing else: {"explanation": "…"}`;

/** A worked answer in that form. */
export const workedAnswer = (answer: { notes: string; explanation: string }, reasoning: boolean): ChatMessage => ({
  role: 'assistant',
  content: JSON.stringify(reasoning ? { notes: answer.notes, explanation: answer.explanation } : { explanation: answer.explanation }),
});

/** Numbered excerpts, each on one line, with its strengths on the next where they are shown. */
export function excerptLines(excerpts: readonly Marked[], strengths: boolean): string[] {
  return excerpts.flatMap(({ text, listed }, i) => [
    `${i + 1}: ${text}`,
    ...(strengths && listed.length > 0 ? [`   active: ${listed.map(({ token, strength }) => `("${token}", ${strength})`).join(', ')}`] : []),
  ]);
}

/** The user's part: data between its two tags, then what is asked. `key`: as for `fenced`. */
export const questionAbout = (lines: readonly string[], key: string, ask = 'What makes the unit active? Answer with the JSON object.'): ChatMessage => ({
  role: 'user',
  content: `${fenced(lines, key)}\n${ask}`,
});

/** What to say when an answer could not be used; the conversation goes on from it. */
export function correctionPrompt(prompt: Prompt, answer: string, reason: string): ChatMessage[] {
  const form = prompt.reasoning ? '{"notes": "…", "explanation": "…"}' : '{"explanation": "…"}';
  return [
    ...messagesOf(prompt),
    // Some endpoints refuse an empty turn.
    { role: 'assistant', content: answer.slice(0, 500) || '(no answer)' },
    { role: 'user', content: `That answer cannot be used: ${reason}. Answer again, with only the JSON object ${form}.` },
  ];
}
