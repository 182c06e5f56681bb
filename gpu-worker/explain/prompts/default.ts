import type { Example } from '#lib/example/schema.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { DEFAULT_SHOTS } from './default-shots.ts';
import { fenceKey } from '#gpu-worker/llm/prompt-text.ts';
import { highlight, type Marked } from './highlight.ts';
import { answerInstruction, excerptLines, PHRASE_RULES, questionAbout, workedAnswer, type Prompt } from './prompt.ts';

const DEFAULT_TEMPLATE = 'default-3';

export interface DefaultOptions {
  strengths: boolean;
  reasoning: boolean;
  threshold: number;
  /** The run's. */
  seed: number;
}

const system = ({ strengths, reasoning }: Pick<DefaultOptions, 'strengths' | 'reasoning'>): string =>
  `You study a single unit inside a language model by the text that makes it active. You are shown excerpts. In each, the places where the unit is active stand between « and »${strengths ? '; the line below lists them with how strongly it is active, from 1 to 10' : ''}.

Say what makes the unit active, in one phrase of at most 30 words.
- Look at the marked places first: their meaning, their spelling, their grammar. Then at what stands just before and after them, and at what kind of text it is.
${PHRASE_RULES}

${answerInstruction(reasoning)}`;

/** The conversation that asks for one latent's explanation by its firing windows, one at least. */
export function defaultPrompt(firing: readonly Example[], { strengths, reasoning, threshold, seed }: DefaultOptions): Prompt {
  return {
    template: DEFAULT_TEMPLATE,
    fixed: [
      { role: 'system', content: system({ strengths, reasoning }) },
      ...DEFAULT_SHOTS.flatMap((shot): ChatMessage[] => [questionAbout(excerptLines(shot.excerpts, strengths), ''), workedAnswer(shot, reasoning)]),
    ],
    question: questionAbout(excerptLines(markedAll(firing, threshold), strengths), fenceKey({ seed, latent: null }, firing)),
    reasoning,
  };
}

/** Windows with their marks, strengths against the strongest of them. */
export function markedAll(windows: readonly Example[], threshold: number): Marked[] {
  const peak = Math.max(...windows.map(({ maxActivation }) => maxActivation));
  return windows.map((window) => highlight(window, peak, threshold));
}
