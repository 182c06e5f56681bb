import type { Example } from '#lib/example/schema.ts';
import { fenceKey, oneLine, windowText } from '#gpu-worker/llm/prompt-text.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import type { DefaultOptions } from './default.ts';
import { highlight, type Marked } from './highlight.ts';
import { answerInstruction, excerptLines, PHRASE_RULES, questionAbout, workedAnswer, type Prompt } from './prompt.ts';
import { REFINE_SHOTS } from './refine-shots.ts';

const REFINE_TEMPLATE = 'refine-3';

/** An explanation and where it was wrong. */
export interface Mistakes {
  before: string;
  /** Windows in which the latent fires and the explanation was said not to fit. */
  missed: readonly Example[];
  /** Silent windows that it was said to fit. */
  mistaken: readonly Example[];
}

const system = ({ strengths, reasoning }: DefaultOptions): string =>
  `You study a single unit inside a language model by the text that makes it active. You are shown excerpts, an explanation that somebody gave, and where that explanation was wrong. In excerpts under ACTIVE and MISSED, the places where the unit is active stand between « and »${strengths ? '; the line below lists them with how strongly it is active, from 1 to 10' : ''}.
- ACTIVE: excerpts in which the unit is active.
- MISSED: more of them, which a reader of the explanation did not recognise: it is too narrow, or misses the point.
- MISTAKEN: texts in which the unit is not active anywhere, though the reader thought so: it is too wide, or names what merely comes along.

Write a better explanation, in one phrase of at most 30 words. Keep what was right in the one before; change it so that it fits the active and the missed excerpts and not the mistaken texts. Do not simply list them.
${PHRASE_RULES}

${answerInstruction(reasoning)}`;

/** The conversation that asks for a better phrase. Lists may be empty, though not both. */
export function refinePrompt(firing: readonly Example[], { before, missed, mistaken }: Mistakes, options: DefaultOptions): Prompt {
  const { strengths, reasoning, threshold, seed } = options;
  const peak = Math.max(...firing.map(({ maxActivation }) => maxActivation), ...missed.map(({ maxActivation }) => maxActivation));
  const marked = (windows: readonly Example[]): Marked[] => windows.map((window) => highlight(window, peak, threshold));
  const question = lines(
    marked(firing),
    oneLine(before),
    marked(missed),
    mistaken.map((window) => windowText(window).replaceAll('«', '“').replaceAll('»', '”')),
    strengths,
  );
  return {
    template: REFINE_TEMPLATE,
    fixed: [
      { role: 'system', content: system(options) },
      ...REFINE_SHOTS.flatMap((shot): ChatMessage[] => [
        questionAbout(lines(shot.firing, shot.before, shot.missed, shot.mistaken, strengths), ''),
        workedAnswer(shot, reasoning),
      ]),
    ],
    question: questionAbout(question, fenceKey({ seed, latent: null }, [...firing, ...missed, ...mistaken])),
    reasoning,
  };
}

function lines(firing: readonly Marked[], before: string, missed: readonly Marked[], mistaken: readonly string[], strengths: boolean): string[] {
  return [
    'ACTIVE',
    ...excerptLines(firing, strengths),
    `EXPLANATION: ${before}`,
    'MISSED',
    ...(missed.length === 0 ? ['(none)'] : excerptLines(missed, strengths)),
    'MISTAKEN',
    ...(mistaken.length === 0 ? ['(none)'] : mistaken.map((text, i) => `${i + 1}: ${text}`)),
  ];
}
