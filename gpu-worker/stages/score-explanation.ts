import { AppError } from '#lib/errors/app-error.ts';
import type { LlmScorer } from '#lib/score/llm-scorers.ts';
import { chatForRun } from '#gpu-worker/llm/chat-for-run.ts';
import { completionsForRun } from '#gpu-worker/llm/completions-for-run.ts';
import { contentKey } from '#gpu-worker/activations/keys.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import { forAttempt } from '#gpu-worker/score/for-attempt.ts';
import { forPurpose } from '#gpu-worker/score/for-purpose.ts';
import type { ScoreResult } from '#gpu-worker/score/scorer.ts';
import { transaction } from '#platform/database/transaction.ts';
import { enteredExplanation, type EnteredExplanation } from './entered-explanation.ts';
import { reserveOthers, type ReserveOthers } from './reserve-control.ts';
import { reserveEmbedding } from './reserve-embedding.ts';
import { reserveExamples } from './reserve-exam.ts';
import { loadRun, type RunFacts } from './run-facts.ts';
import { corpusFrequency, runScorers } from './run-scorers.ts';
import { insertScores, type NewScore } from './score-rows.ts';
import { scoreOf, shortScore } from './scorer-scores.ts';
import { CONTROL, examFor, inputKeyOf, maxActivations, type Sitting } from './scorer-sittings.ts';
import type { WorkerServices } from './services.ts';

export type ReserveScorer = 'embedding' | Exclude<LlmScorer, 'intruder'>;

export interface ExplanationScored {
  id: string;
  latent: number;
  scores: Pick<NewScore, 'scorer' | 'metric' | 'value' | 'interval' | 'control' | 'nPositives' | 'nNegatives' | 'nFailed' | 'failure'>[];
}

/**
 * Scores one explanation that was entered, imported or made after the page was public, on the sealed reserve. The same exam is
 * not stored twice.
 *
 * @throws AppError `not_found` for an unknown explanation or when the run's store is gone, `bad_request` for no scorer and
 *   for a run's own explanation
 */
export async function scoreExplanation(
  services: WorkerServices,
  id: string,
  scorers: readonly ReserveScorer[],
  signal = new AbortController().signal,
): Promise<ExplanationScored> {
  const { entered, scores } = await reserveScores(services, id, scorers, signal);
  await transaction(services.pool, (client) => insertScores(client, scores));
  return { id, latent: entered.latent, scores };
}

/** The same, and nothing is stored. */
export async function reserveScores(
  services: WorkerServices,
  id: string,
  scorers: readonly ReserveScorer[],
  signal: AbortSignal,
): Promise<{ entered: EnteredExplanation; scores: NewScore[] }> {
  if (scorers.length === 0) throw new AppError('bad_request', 'Name at least one scorer, such as embedding or detection.', { field: 'scorers' });
  const entered = await enteredExplanation(services.pool, id);
  const run = await loadRun(services.pool, entered.runId);
  const examples = await reserveExamples(services, run, entered.latent, signal);
  const peak = (await maxActivations(services.pool, run, [entered.latent])).get(entered.latent) ?? 0;
  const exam = examFor(run, entered.latent, examples, peak, 'reserve');
  const others = await reserveOthers(services.pool, run, entered.latent);
  const asked = scorers.filter((name) => name !== 'embedding');
  return {
    entered,
    scores: [
      ...(scorers.includes('embedding') ? [await reserveEmbedding(services, run, entered, exam, others)] : []),
      ...(await askedOf(services, run, entered, exam, others, asked, signal)),
    ],
  };
}

type ExamOfOne = Pick<Sitting, 'latentExam' | 'controlExam' | 'shortfall'>;

async function askedOf(
  services: WorkerServices,
  run: RunFacts,
  entered: EnteredExplanation,
  exam: ExamOfOne,
  { control, controlMissing, baseline }: ReserveOthers,
  names: readonly LlmScorer[],
  signal: AbortSignal,
): Promise<NewScore[]> {
  const scorers = await runScorers({ run, frequency: () => corpusFrequency(services, run) }, names);
  return Promise.all(
    scorers.map(async (scorer) => {
      const chat = scorer.needs === 'chat' ? chatForRun(services, run) : null;
      const completions = scorer.needs === 'log_probs' ? completionsForRun(services, run) : null;
      const judge = (chat ?? completions)!;
      const explanation = {
        id: BigInt(entered.id),
        latent: entered.latent,
        method: entered.method,
        text: entered.text,
        rule: null,
        inputKey: entered.inputKey,
      };
      const examHash = scorer.examHash(exam.latentExam, entered.text);
      const inputKey = inputKeyOf(run, judge, scorer, explanation, examHash);
      const sitting: Sitting = {
        ...exam,
        ...{ scorer, judge, latent: entered.latent, explanation, control, controlMissing, examHash, inputKey },
        controlKey:
          control &&
          `${inputKey}${CONTROL}${contentKey({ other: scorer.examHash(exam.controlExam, control.text), blank: scorer.examHash(exam.controlExam, BLANK_EXPLANATION) })}`,
      };
      if (exam.shortfall !== null) return shortScore(run, sitting);
      const ask = (of: Sitting['latentExam'], text: string, purpose: string): Promise<ScoreResult> =>
        scorer.score(
          of,
          text,
          {
            chat: chat && forAttempt(chat, { purpose, attempt: 0, seed: run.config.seed }),
            completions: completions && forPurpose(completions, { purpose }),
            embed: null,
          },
          signal,
        );
      const result = await ask(exam.latentExam, entered.text, `score.${scorer.name}`);
      if (result.failure !== null || control === null) return scoreOf(run, { sitting, result }, null, null);
      const purpose = `score.${scorer.name}.control`;
      const [other, blank] = [await ask(exam.controlExam, control.text, purpose), await ask(exam.controlExam, BLANK_EXPLANATION, purpose)];
      return scoreOf(run, { sitting, result }, { other, blank }, await verdictsOf(baseline?.text ?? null, (text) => ask(exam.controlExam, text, purpose)));
    }),
  );
}

/** What the baseline's explanation is judged to be right and wrong on, where there is one. */
async function verdictsOf(baseline: string | null, ask: (text: string) => Promise<ScoreResult>): Promise<ScoreResult['verdicts'] | null> {
  if (baseline === null) return null;
  const { failure, verdicts } = await ask(baseline);
  return failure === null ? verdicts : null;
}
