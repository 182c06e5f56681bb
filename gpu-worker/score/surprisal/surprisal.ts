import type { PromptLogprobs } from '#gpu-worker/llm/completion-client.ts';
import { promptHash, windowText } from '#gpu-worker/llm/prompt-text.ts';
import { usageOf } from '#gpu-worker/llm/usage.ts';
import { examFigures, type Judgement } from '#gpu-worker/score/figures.ts';
import { completionsOf, readingProvenance, readPrompts } from '#gpu-worker/score/read-prompts.ts';
import type { FailureCause, LatentExam, Scorer } from '#gpu-worker/score/scorer.ts';
import { BLANK_DESCRIPTION, PASSAGES, SURPRISAL_TEMPLATE, surprisalPrompt, windowBegins } from './prompt.ts';

/** Windows whose likelihood without a description is kept: exams of one latent, its controls', and shared silent windows. */
const BLANKS_KEPT = 4096;

/**
 * Surprisal (Paulo et al. 2024, §3.3.3; method.md §5.5): the information value of an explanation z on a window x under a
 * base model, IV(x) = log p(x | z) − log p(x | blank), in nats, summed over all tokens of the window, the first included,
 * as the line break before it foretells it. AUROC of IV, firing windows against silent ones. What stands before a window
 * is the same for all of an exam and read once.
 */
export function surprisalScorer(): Scorer {
  const blanks = new Map<string, number>();
  return {
    name: 'surprisal',
    metric: 'auroc',
    nullValue: 0.5,
    needs: 'log_probs',
    ofExplanation: true,
    template: SURPRISAL_TEMPLATE,
    parameters: {},
    examHash: (latentExam, explanation) =>
      promptHash([...surprisalPrompts(latentExam, explanation), BLANK_DESCRIPTION].map((content) => ({ role: 'user' as const, content }))),
    async score(latentExam, explanation, services, signal) {
      const completions = completionsOf(services);
      const { windows } = latentExam.exam;
      const texts = windows.map(windowText);
      const blankKey = (text: string): string => `${completions.model}\n${completions.endpoint}\n${text}`;
      const missing = [...new Set(texts)].filter((text) => !blanks.has(blankKey(text)));
      const options = { since: PASSAGES, signal };
      const told = await readPrompts(completions, surprisalPrompts(latentExam, explanation), options);
      const untold = await readPrompts(
        completions,
        missing.map((text) => surprisalPrompt(BLANK_DESCRIPTION, text)),
        options,
      );
      const now = new Map(missing.map((text, i) => [text, untold[i] ?? null]));
      const failures: Record<FailureCause, number> = { bad_answer: 0, upstream: 0 };
      const judgements = texts.map((text, i): Judgement | null => {
        const read = now.get(text);
        const blank = read === undefined ? blanks.get(blankKey(text)) : read && windowLogprob(read);
        const own = told[i] && windowLogprob(told[i]);
        if (typeof own === 'number' && typeof blank === 'number') return { score: own - blank };
        failures[told[i] === null || read === null ? 'upstream' : 'bad_answer'] += 1;
        return null;
      });
      for (const [text, read] of now) {
        const logprob = read && windowLogprob(read);
        if (logprob !== null) keep(blanks, blankKey(text), logprob);
      }
      const read = [...told, ...untold];
      return {
        ...examFigures(latentExam, judgements, 'auroc', 'surprisal'),
        failures,
        usage: usageOf(read.filter((one) => one !== null)),
        provenance: { ...readingProvenance(completions, read), blank: BLANK_DESCRIPTION },
      };
    },
  };
}

/** The prompts that an explanation's exam reads; as many again, with the blank description, unless they were read before. */
export function surprisalPrompts({ exam }: Pick<LatentExam, 'exam'>, explanation: string): string[] {
  return exam.windows.map((window) => surprisalPrompt(explanation, windowText(window)));
}

/** log p of the window at the end of a prompt, in nats; null where it cannot be told apart. */
function windowLogprob({ tokens }: PromptLogprobs): number | null {
  const begins = windowBegins(tokens.map(({ token }) => token));
  if (begins === null) return null;
  let sum = 0;
  for (const { logprob } of tokens.slice(begins)) {
    if (logprob === null) return null;
    sum += logprob;
  }
  return sum;
}

/** The oldest goes first. */
function keep(map: Map<string, number>, key: string, value: number): void {
  map.set(key, value);
  if (map.size > BLANKS_KEPT) map.delete(map.keys().next().value!);
}
