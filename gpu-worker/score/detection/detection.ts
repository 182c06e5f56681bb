import { fenceKey, promptsHash, windowText } from '#gpu-worker/llm/prompt-text.ts';
import { askVerdicts, type JudgeParameters } from '#gpu-worker/score/judge/ask-verdicts.ts';
import { judgedResult } from '#gpu-worker/score/judge/judged-result.ts';
import { planPrompts } from '#gpu-worker/score/judge/plan-prompts.ts';
import type { LatentExam, Scorer } from '#gpu-worker/score/scorer.ts';
import { chatOf } from '#gpu-worker/score/services.ts';
import { DETECTION_TEMPLATE, detectionPrompt } from './prompt.ts';

/**
 * Detection (Paulo et al. 2024, §3.3.1; method.md §5.1–5.2): the model reads the explanation and plain texts, and says for
 * each whether the explanation fits. Balanced accuracy of its verdicts; where the endpoint gives log-probabilities, the
 * AUROC of its probabilities beside it.
 */
export function detectionScorer(parameters: JudgeParameters): Scorer {
  const questionsOf = (latentExam: LatentExam, explanation: string) => {
    const texts = latentExam.exam.windows.map(windowText);
    return {
      prompts: planPrompts(latentExam, 'detection', parameters.windowsPerPrompt),
      messages: (items: readonly number[]) =>
        detectionPrompt(
          explanation,
          items.map((item) => texts[item] as string),
          fenceKey(
            latentExam,
            items.map((item) => latentExam.exam.windows[item]!),
          ),
        ),
      count: texts.length,
    };
  };
  return {
    name: 'detection',
    metric: 'balanced_accuracy',
    nullValue: 0.5,
    needs: 'chat',
    ofExplanation: true,
    template: DETECTION_TEMPLATE,
    parameters,
    examHash(latentExam, explanation) {
      const { prompts, messages } = questionsOf(latentExam, explanation);
      return promptsHash(prompts.map(({ items }) => messages(items)));
    },
    async score(latentExam, explanation, services, signal) {
      const judgements = await askVerdicts(chatOf(services), questionsOf(latentExam, explanation), parameters, signal);
      return judgedResult(latentExam, 'detection', judgements);
    },
  };
}
