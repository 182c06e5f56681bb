import type { Example } from '#lib/example/schema.ts';
import { fenceKey, oneLine } from '#gpu-worker/llm/prompt-text.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { markedAll, type DefaultOptions } from './default.ts';
import type { Marked } from './highlight.ts';
import { LOGIT_SHOTS } from './logit-shots.ts';
import { answerInstruction, excerptLines, PHRASE_RULES, questionAbout, workedAnswer, type Prompt } from './prompt.ts';

const LOGIT_TEMPLATE = 'logit-aware-3';

/** What a latent writes: tokens as text, strongest first. */
export interface WrittenTokens {
  promoted: readonly string[];
  suppressed: readonly string[];
}

const system = ({ strengths, reasoning }: DefaultOptions): string =>
  `You study a single unit inside a language model by the text that makes it active and by what it does there. You are shown excerpts. In each, the places where the unit is active stand between « and »${strengths ? '; the line below lists them with how strongly it is active, from 1 to 10' : ''}. After the excerpts come the tokens that the unit makes likelier to be written next, and those that it makes less likely, strongest first.

Say when the unit is active, in one phrase of at most 30 words.
- Look at the marked places and at what stands just before and after them. A unit may be active because of what has been read, or because of what is about to be written: then the marked words differ, and what follows them is alike.
- The listed tokens may show what is about to be written. Use them only where they have something in common that fits the excerpts; often they are fragments that mean nothing.
- A reader must be able to find the places in other texts by your phrase, so say where in a text they are, not only what comes next.
${PHRASE_RULES}

${answerInstruction(reasoning)}`;

/** The conversation that asks for an explanation by firing windows and by the tokens whose logits the latent moves most. */
export function logitAwarePrompt(firing: readonly Example[], written: WrittenTokens, options: DefaultOptions): Prompt {
  const { strengths, reasoning, threshold, seed } = options;
  return {
    template: LOGIT_TEMPLATE,
    fixed: [
      { role: 'system', content: system(options) },
      ...LOGIT_SHOTS.flatMap((shot): ChatMessage[] => [questionAbout(withTokens(shot.excerpts, shot, strengths), ''), workedAnswer(shot, reasoning)]),
    ],
    question: questionAbout(withTokens(markedAll(firing, threshold), written, strengths), fenceKey({ seed, latent: null }, firing)),
    reasoning,
  };
}

function withTokens(excerpts: readonly Marked[], { promoted, suppressed }: WrittenTokens, strengths: boolean): string[] {
  const list = (tokens: readonly string[]): string => tokens.map((token) => JSON.stringify(oneLine(token) || ' ')).join(', ');
  return [...excerptLines(excerpts, strengths), `likelier: ${list(promoted)}`, `less likely: ${list(suppressed)}`];
}
