import { joinTokens } from '#lib/token/join.ts';
import { fenceKey, promptsHash } from '#gpu-worker/llm/prompt-text.ts';
import { askVerdicts, type JudgeParameters } from '#gpu-worker/score/judge/ask-verdicts.ts';
import { judgedResult } from '#gpu-worker/score/judge/judged-result.ts';
import { planPrompts } from '#gpu-worker/score/judge/plan-prompts.ts';
import type { Exam } from '#gpu-worker/score/exam.ts';
import type { LatentExam, Scorer } from '#gpu-worker/score/scorer.ts';
import { chatOf } from '#gpu-worker/score/services.ts';
import { markExam, type MarkingOptions } from './mark-exam.ts';
import { markedText, markedTokens } from './marked-text.ts';
import { FUZZING_TEMPLATE, fuzzingPrompt } from './prompt.ts';

/**
 * Fuzzing (Paulo et al. 2024, §3.3.2; method.md §5.3): the model reads the explanation and texts with places marked, and
 * says for each whether the marks are right. Firing windows are marked where the latent fires; silent ones where a reader
 * without the explanation could not tell the difference (`markExam`). Balanced accuracy, with the AUROC of the model's
 * probabilities beside it where the endpoint gives them.
 */
export function fuzzingScorer(parameters: JudgeParameters, marking: MarkingOptions): Scorer {
  // Explanations of one latent, and their controls, sit one exam: its marks are placed once.
  const placed = new WeakMap<Exam, { texts: string[]; marked: number[][] }>();
  const markedExam = (latentExam: LatentExam) => {
    const known = placed.get(latentExam.exam);
    if (known) return known;
    const pieces = latentExam.exam.windows.map(({ tokens, activations }) => joinTokens(tokens, activations));
    const marks = markExam(latentExam, marking);
    const made = { texts: pieces.map((list, i) => markedText(list, marks[i]!)), marked: pieces.map((list, i) => markedTokens(list, marks[i]!)) };
    placed.set(latentExam.exam, made);
    return made;
  };
  const prepare = (latentExam: LatentExam, explanation: string) => {
    const { texts, marked } = markedExam(latentExam);
    return {
      marked,
      questions: {
        prompts: planPrompts(latentExam, 'fuzzing', parameters.windowsPerPrompt),
        messages: (items: readonly number[]) =>
          fuzzingPrompt(
            explanation,
            items.map((item) => texts[item] as string),
            fenceKey(
              latentExam,
              items.map((item) => latentExam.exam.windows[item]!),
            ),
          ),
        count: texts.length,
      },
    };
  };
  return {
    name: 'fuzzing',
    metric: 'balanced_accuracy',
    nullValue: 0.5,
    needs: 'chat',
    ofExplanation: true,
    template: FUZZING_TEMPLATE,
    parameters: { ...parameters, threshold: marking.threshold },
    examHash(latentExam, explanation) {
      const { prompts, messages } = prepare(latentExam, explanation).questions;
      return promptsHash(prompts.map(({ items }) => messages(items)));
    },
    async score(latentExam, explanation, services, signal) {
      const { marked, questions } = prepare(latentExam, explanation);
      return judgedResult(latentExam, 'fuzzing', await askVerdicts(chatOf(services), questions, parameters, signal), marked);
    },
  };
}
