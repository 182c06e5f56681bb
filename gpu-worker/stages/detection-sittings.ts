import type { Pool } from 'pg';
import type { DetectionControl } from '#lib/run/schema.ts';
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
  /** Why there is no control to sit it, as a sentence; null where there is one. */
  controlMissing: string | null;
  exam: Exam;
  texts: string[];
  /** What the exam lacks to be sat; null where it can be. */
  shortfall: string | null;
  /** Content address of everything that determines the score itself. */
  inputKey: string;
  /** The same with what determines the control; null without one. */
  controlKey: string | null;
}

/** Why a sitting has no control, where the run asks for none of this latent. */
const NOT_ASKED: Record<DetectionControl, string> = {
  none: 'The run was told to take none.',
  tenth: 'The run takes them for a random tenth of its latents, and this one is not among them.',
  all: 'The run has no other latent to take it from.',
};

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
    const other = others.get(latent);
    for (const explanation of own) {
      const control = explanations.find((one) => one.latent === other && one.method === explanation.method) ?? null;
      const inputKey = inputKeyOf(run, chat, explanation, texts);
      sittings.push({
        ...{ explanation, control, exam, texts, shortfall, inputKey },
        controlMissing: control ? null : other === undefined ? NOT_ASKED[detectionControl] : `Latent ${other}, drawn for it, has no explanation of this kind.`,
        controlKey: control && `${inputKey}${CONTROL}${contentKey({ prompts: promptsHash(control.text, texts) })}`,
      });
    }
  }
  return sittings;
}

/** Between a score's own key and its control's: one exam is never paid for again because the control changes. */
const CONTROL = ' control ';

function inputKeyOf(run: RunFacts, chat: ChatClient, explanation: CurrentExplanation, texts: readonly string[]): string {
  const { maxTokens, temperature } = DETECTION_PARAMETERS;
  return contentKey({
    version: ALGORITHM_VERSIONS.detection,
    explanation: explanation.inputKey,
    prompts: promptsHash(explanation.text, texts),
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
export const failedKey = (run: RunFacts, { inputKey }: Sitting): string => `${inputKey}${FAILED}${run.id}`;
const FAILED = ' failed in run ';

/** What is stored of an exam that was sat, or fell short, before: the same exam is never paid for twice. */
export interface KnownScore {
  id: string;
  /** With the control's behind it, where the score has one. */
  key: string;
}

/** The newest score of each sitting that has one, by the sitting's own key; where a score has the sitting's control, that one. */
export async function knownScores(pool: Pool, run: RunFacts, sittings: readonly Sitting[]): Promise<Map<string, KnownScore>> {
  const { rows } = await pool.query<KnownScore & { own: string }>(
    `SELECT id::text, input_key AS key, split_part(input_key, ' ', 1) AS own FROM scores
      WHERE coder_id = $1 AND explanation_id = ANY($2) AND scorer = 'detection' AND split_part(input_key, ' ', 1) = ANY($3)
        AND input_key NOT LIKE '%' || $4 || '%'
      ORDER BY input_key = ANY($5), id`,
    [
      String(run.coderId),
      sittings.map(({ explanation }) => String(explanation.id)),
      sittings.map(({ inputKey }) => inputKey),
      FAILED,
      sittings.flatMap(({ controlKey }) => controlKey ?? []),
    ],
  );
  return new Map(rows.map(({ own, id, key }) => [own, { id, key }]));
}
