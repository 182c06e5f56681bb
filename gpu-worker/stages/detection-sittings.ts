import type { Pool } from 'pg';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { promptHash, windowText } from '#gpu-worker/llm/prompt-text.ts';
import { controlLatent } from '#gpu-worker/score/control.ts';
import { hasControl } from '#gpu-worker/score/detection/control.ts';
import { DETECTION_PARAMETERS, detectionPrompts } from '#gpu-worker/score/detection/detect.ts';
import { shuffledExam } from '#gpu-worker/score/detection/shuffled-exam.ts';
import { examOf, examShortfall, type Exam } from '#gpu-worker/score/exam.ts';
import { currentExplanations, type CurrentExplanation } from './current-explanations.ts';
import { loadExamples } from './load-examples.ts';
import { readyLatents } from './plan.ts';
import { requireFact, type RunFacts } from './run-facts.ts';

/** One explanation and the exam it sits, with another latent's explanation where the latent is in the control sample. */
export interface Sitting {
  explanation: CurrentExplanation;
  control: CurrentExplanation | null;
  exam: Exam;
  texts: string[];
  /** What the exam lacks to be sat; null where it can be. */
  shortfall: string | null;
  /** Content address of everything that determines the score. */
  inputKey: string;
}

/** The sittings of a batch of latents. */
export async function sittingsOf(pool: Pool, run: RunFacts, chat: ChatClient, latents: readonly number[]): Promise<Sitting[]> {
  const { seed, detectionControl } = run.config;
  const others = new Map<number, number>();
  const sampled = latents.filter((latent) => hasControl(latent, seed, detectionControl));
  if (sampled.length > 0) {
    const all = await readyLatents(pool, run);
    for (const latent of sampled) {
      const other = controlLatent(all, latent, seed);
      if (other !== null) others.set(latent, other);
    }
  }
  const explanations = await currentExplanations(pool, run, [...new Set([...latents, ...others.values()])], chat);
  const examples = await loadExamples(pool, run.coderId, requireFact(run, 'sampleKey'), latents);
  const sittings: Sitting[] = [];
  for (const latent of latents) {
    const exam = shuffledExam(examOf(examples.get(latent)?.examples ?? []), seed, latent);
    const own = explanations.filter((explanation) => explanation.latent === latent);
    const texts = exam.windows.map(windowText);
    const shortfall = examShortfall(exam);
    for (const explanation of own) {
      const control = explanations.find((other) => other.latent === others.get(latent) && other.method === explanation.method) ?? null;
      sittings.push({ explanation, control, exam, texts, shortfall, inputKey: inputKeyOf(run, chat, explanation, control, texts) });
    }
  }
  return sittings;
}

function inputKeyOf(run: RunFacts, chat: ChatClient, explanation: CurrentExplanation, control: CurrentExplanation | null, texts: readonly string[]): string {
  const { maxTokens, temperature } = DETECTION_PARAMETERS;
  return contentKey({
    version: ALGORITHM_VERSIONS.detection,
    explanation: explanation.inputKey,
    prompts: promptsHash(explanation.text, texts),
    control: control && promptsHash(control.text, texts),
    model: chat.model,
    endpoint: chat.endpoint,
    maxTokens,
    temperature,
    seed: run.config.seed,
  });
}

/** One hash over all prompts of an exam: the explanation, the texts, their order, how many at a time, the template. */
export function promptsHash(explanation: string, texts: readonly string[]): string {
  return promptHash(detectionPrompts(explanation, texts, DETECTION_PARAMETERS.windowsPerPrompt).flatMap(({ messages }) => messages));
}

/**
 * The key of a score that failed for want of answers: the exam's own stays free, so that a later run sits it again, while
 * one run keeps the failure once.
 */
export const failedKey = (run: RunFacts, { inputKey }: Sitting): string => `${inputKey} failed in run ${run.id}`;

/** Keys under which a score is stored already: the same exam is never paid for twice. */
export async function scoredKeys(pool: Pool, run: RunFacts, sittings: readonly Sitting[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ key: string }>(
    `SELECT input_key AS key FROM scores WHERE coder_id = $1 AND explanation_id = ANY($2) AND scorer = 'detection' AND input_key = ANY($3)`,
    [String(run.coderId), sittings.map(({ explanation }) => String(explanation.id)), sittings.map(({ inputKey }) => inputKey)],
  );
  return new Set(rows.map(({ key }) => key));
}
