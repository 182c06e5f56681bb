import type { Pool } from 'pg';
import { NEGATIVE_CLASSES, protocolNamed } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';
import type { DetectionControl } from '#lib/run/schema.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { BLANK_EXPLANATION, controlLatent, hasControl } from '#gpu-worker/score/control.ts';
import { examOf, examShortfall, headlineOf, type ExamSide } from '#gpu-worker/score/exam.ts';
import type { LatentExam, Scorer } from '#gpu-worker/score/scorer.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import { currentExplanations, type CurrentExplanation } from './current-explanations.ts';
import { loadExamples } from './load-examples.ts';
import { readyLatents } from './plan.ts';
import { requireFact, type RunFacts } from './run-facts.ts';
import { yieldNow } from './yield-now.ts';

/** Who judges, as keys and provenance name it. */
export interface Judge {
  model: string;
  endpoint: string;
  /** Exams worth having under way at once. */
  slots: number;
}

/** One scorer's exam of one explanation, or of the latent, with another latent's explanation where it is in the control sample. */
export interface Sitting {
  scorer: Scorer;
  /** The model that judges it. */
  judge: Judge;
  latent: number;
  /** Null for a scorer that judges the latent itself. */
  explanation: CurrentExplanation | null;
  control: CurrentExplanation | null;
  /** Why there is no control to sit it, as a sentence; null where there is one. */
  controlMissing: string | null;
  latentExam: LatentExam;
  /** The headline's windows alone, which is all that a control is asked about. */
  controlExam: LatentExam;
  /** What the exam lacks to be sat; null where it can be. */
  shortfall: string | null;
  examHash: string;
  /** Content address of everything that determines the score itself. */
  inputKey: string;
  /** The same with what determines the controls; null without one. */
  controlKey: string | null;
}

/** Why a sitting has no control, where the run asks for none of this latent. */
const NOT_ASKED: Record<DetectionControl, string> = {
  none: 'The run was told to take none.',
  tenth: 'The run takes them for a random tenth of its latents, and this one is not among them.',
  all: 'The run has no other latent to take it from.',
};

/** The sittings of a batch of latents. */
export async function sittingsOf(
  pool: Pool,
  run: RunFacts,
  judgeOf: (scorer: Scorer) => Judge,
  scorers: readonly Scorer[],
  latents: readonly number[],
  signal: AbortSignal,
): Promise<Sitting[]> {
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
  const explanations = await currentExplanations(pool, run, [...new Set([...latents, ...others.values()])]);
  const examples = await loadExamples(pool, run.coderId, requireFact(run, 'sampleKey'), latents);
  const peaks = await maxActivations(pool, run, latents);
  const sittings: Sitting[] = [];
  for (const latent of latents) {
    // Marks and hashes of one latent take tens of milliseconds, and a lease must be renewed meanwhile.
    await yieldNow(signal);
    const { latentExam, controlExam, shortfall } = examFor(run, latent, examples.get(latent)?.examples ?? [], peaks.get(latent) ?? 0);
    const other = others.get(latent);
    const own = explanations.filter((explanation) => explanation.latent === latent);
    const sitting = (scorer: Scorer, explanation: CurrentExplanation | null, control: CurrentExplanation | null, controlMissing: string | null): Sitting => {
      const examHash = scorer.examHash(latentExam, explanation?.text ?? '');
      const judge = judgeOf(scorer);
      const inputKey = inputKeyOf(run, judge, scorer, explanation, examHash);
      return {
        ...{ scorer, judge, latent, explanation, control, controlMissing, latentExam, controlExam, shortfall, examHash, inputKey },
        controlKey:
          control &&
          `${inputKey}${CONTROL}${contentKey({ other: scorer.examHash(controlExam, control.text), blank: scorer.examHash(controlExam, BLANK_EXPLANATION) })}`,
      };
    };
    for (const scorer of scorers) {
      if (!scorer.ofExplanation) {
        sittings.push(sitting(scorer, null, null, 'It reads no explanation, so another one would change nothing.'));
        continue;
      }
      for (const explanation of own) {
        const control = explanations.find((one) => one.latent === other && one.method === explanation.method) ?? null;
        const missing = other === undefined ? NOT_ASKED[detectionControl] : `Latent ${other}, drawn for it, has no explanation of this kind.`;
        sittings.push(sitting(scorer, explanation, control, control ? null : missing));
      }
    }
  }
  return sittings;
}

/** What is asked of a latent's examples in a run, of one side's documents, in the order in which it is judged. `peak`: its largest activation. */
export function examFor(
  run: RunFacts,
  latent: number,
  examples: readonly Example[],
  peak: number,
  side: ExamSide = 'test',
): Pick<Sitting, 'latentExam' | 'controlExam' | 'shortfall'> {
  const { seed, negatives = NEGATIVE_CLASSES, protocol } = run.config;
  const exam = shuffledExam(examOf(examples, negatives, side), seed, latent);
  const latentExam: LatentExam = { latent, seed, exam, maxActivation: peak };
  return { latentExam, controlExam: { ...latentExam, exam: headlineOf(exam) }, shortfall: examShortfall(exam, protocolNamed(protocol)) };
}

export async function maxActivations(pool: Pool, run: RunFacts, latents: readonly number[]): Promise<Map<number, number>> {
  const { rows } = await pool.query<{ index: number; peak: number }>(
    'SELECT index, max_activation AS peak FROM latents WHERE coder_id = $1 AND index = ANY($2)',
    [String(run.coderId), latents],
  );
  return new Map(rows.map(({ index, peak }) => [index, peak]));
}

/** Between a score's own key and its control's: one exam is never paid for again because the control changes. */
export const CONTROL = ' control ';

export function inputKeyOf(run: RunFacts, judge: Judge, scorer: Scorer, explanation: CurrentExplanation | null, examHash: string): string {
  return contentKey({
    version: ALGORITHM_VERSIONS.scorers,
    scorer: scorer.name,
    template: scorer.template,
    explanation: explanation?.inputKey ?? null,
    exam: examHash,
    model: judge.model,
    endpoint: judge.endpoint,
    parameters: JSON.stringify(scorer.parameters),
    seed: run.config.seed,
  });
}

/**
 * The key of a score that failed for want of answers: the exam's own stays free, so that a later run sits it again, while
 * one run keeps the failure once.
 */
export const failedKey = (run: RunFacts, { inputKey }: Pick<Sitting, 'inputKey'>): string => `${inputKey}${FAILED}${run.id}`;
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
      WHERE coder_id = $1 AND latent_index = ANY($2) AND split_part(input_key, ' ', 1) = ANY($3) AND input_key NOT LIKE '%' || $4 || '%'
      ORDER BY input_key = ANY($5), id`,
    [
      String(run.coderId),
      [...new Set(sittings.map(({ latent }) => latent))],
      sittings.map(({ inputKey }) => inputKey),
      FAILED,
      sittings.flatMap(({ controlKey }) => controlKey ?? []),
    ],
  );
  return new Map(rows.map(({ own, id, key }) => [own, { id, key }]));
}
