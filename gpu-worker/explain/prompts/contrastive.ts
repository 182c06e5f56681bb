import type { Example } from '#lib/example/schema.ts';
import { fenceKey, windowText } from '#gpu-worker/llm/prompt-text.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { CONTRASTIVE_SHOTS } from './contrastive-shots.ts';
import { markedAll, type DefaultOptions } from './default.ts';
import type { Marked } from './highlight.ts';
import { answerInstruction, excerptLines, PHRASE_RULES, questionAbout, workedAnswer, type Prompt } from './prompt.ts';

const CONTRASTIVE_TEMPLATE = 'contrastive-3';

const system = ({ strengths, reasoning }: DefaultOptions): string =>
  `You study a single unit inside a language model by the text that makes it active. You are shown excerpts of two kinds. In those under ACTIVE, the places where the unit is active stand between « and »${strengths ? '; the line below lists them with how strongly it is active, from 1 to 10' : ''}. In those under SILENT it is not active anywhere, though some look much like the others.

Say what makes the unit active, in one phrase of at most 30 words.
- Look at the marked places first: their meaning, their spelling, their grammar. Then at what stands just before and after them, and at what kind of text it is.
- Your phrase must fit the active excerpts and must not fit the silent ones. What both kinds share is not the pattern.
- Say what the pattern is; say what it is not only where a reader would otherwise take one for the other.
${PHRASE_RULES}

${answerInstruction(reasoning)}`;

/** The conversation that asks what firing windows have and silent ones lack. */
export function contrastivePrompt(firing: readonly Example[], silent: readonly Example[], options: DefaultOptions): Prompt {
  const { strengths, reasoning, threshold, seed } = options;
  return {
    template: CONTRASTIVE_TEMPLATE,
    fixed: [
      { role: 'system', content: system(options) },
      ...CONTRASTIVE_SHOTS.flatMap((shot): ChatMessage[] => [
        questionAbout(bothKinds(shot.excerpts, shot.silent, strengths), ''),
        workedAnswer(shot, reasoning),
      ]),
    ],
    question: questionAbout(
      bothKinds(markedAll(firing, threshold), silent.map(withoutMarks), strengths),
      fenceKey({ seed, latent: null }, [...firing, ...silent]),
    ),
    reasoning,
  };
}

/** Marks of the corpus must not pass for ours. */
const withoutMarks = (window: Example): string => windowText(window).replaceAll('«', '“').replaceAll('»', '”');

function bothKinds(excerpts: readonly Marked[], silent: readonly string[], strengths: boolean): string[] {
  return ['ACTIVE', ...excerptLines(excerpts, strengths), 'SILENT', ...silent.map((text, i) => `${excerpts.length + i + 1}: ${text}`)];
}
