import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { answeringBatch } from '#gpu-worker/llm/answering-batch.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { inFlight } from '#gpu-worker/llm/in-flight.ts';
import type { ScoreResult } from '#gpu-worker/score/scorer.ts';
import type { Controls, Sat } from './scorer-scores.ts';
import type { Sitting } from './scorer-sittings.ts';

/**
 * How often an exam is sat in one run before its score is kept as failed. Each sitting has asked again, alone, for every
 * window whose answer was no use, and the client has repeated every call that got none; a third sitting costs as much as
 * the first and answers what it answered. It is repeated here and not by failing the task, which would throw away the
 * other latents' answers, paid for, and could use up the task's attempts and so end the run.
 */
const SITTINGS_A_RUN = 2;

/**
 * A model of which none of the first exams has a usable answer is asked no more: it cannot hold to the form, and a run of
 * 10,000 latents would pay for two million such answers.
 */
const GIVE_UP_AFTER = 5;

/** Asks an exam's questions, or those of one of its controls. */
export type Ask = (chat: ChatClient | null, sitting: Sitting, attempt: number, of: 'own' | 'other' | 'blank', signal: AbortSignal) => Promise<ScoreResult>;

/**
 * Works on sittings, those that a model is asked about as `answeringBatch` does; those that a model only reads beside them,
 * as many at once as it takes; a failure of either stops both. Results come back in the sittings' order.
 */
async function inBatch<Result>(
  chat: ChatClient | null,
  sittings: readonly Sitting[],
  work: (chat: ChatClient | null, sitting: Sitting, signal: AbortSignal) => Promise<Result>,
  endpointFailed: (result: Result) => boolean,
  signal: AbortSignal,
): Promise<Result[]> {
  const asked = sittings.filter(({ scorer }) => scorer.needs === 'chat');
  const read = sittings.filter(({ scorer }) => scorer.needs !== 'chat');
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const orStop = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((error: unknown) => {
      stop.abort(error);
      throw error;
    });
  const settled = await Promise.allSettled([
    orStop(chat === null ? Promise.resolve([]) : answeringBatch(chat, asked, (client, sitting) => work(client, sitting, both), endpointFailed, both)),
    orStop(inFlight(read, read[0]?.judge.slots ?? 1, (sitting) => work(null, sitting, both))),
  ]);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw stop.signal.reason;
  const [first, second] = settled.map((one) => (one.status === 'fulfilled' ? one.value : []));
  return sittings.map((sitting) => (sitting.scorer.needs === 'chat' ? first![asked.indexOf(sitting)]! : second![read.indexOf(sitting)]!));
}

/** What came of some exams. */
export interface SatExams {
  sat: Sat[];
  /** Not finished because the run may not spend what the next call can cost. Nothing of them is a score; what was paid for is kept. */
  unpaid: Sitting[];
}

/** Every exam, those that came out without a value once more. `proven`: the model is known to give usable answers. */
export async function sitExams(
  chat: ChatClient | null,
  sittings: readonly Sitting[],
  ask: Ask,
  proven: boolean,
  report: () => void,
  signal: AbortSignal,
): Promise<SatExams> {
  let [useless, useful] = [0, proven];
  const sit = (list: readonly Sitting[], attempt: number): Promise<(Sat | null)[]> =>
    inBatch(
      chat,
      list,
      async (client, sitting, both): Promise<Sat | null> => {
        const result = await unlessSpent(ask(client, sitting, attempt, 'own', both));
        if (result === null) return null;
        const sat = { sitting, result };
        if (result.failure === null) useful = true;
        else if (causeOf(sat) === 'bad_answer') useless++;
        if (!useful && useless >= GIVE_UP_AFTER) throw uselessModel(sat);
        report();
        return sat;
      },
      (sat) => sat !== null && sat.result.failures.upstream > 0,
      signal,
    );
  const sat = await sit(sittings, 0);
  for (let again = 1; again < SITTINGS_A_RUN; again++) {
    const failed = sat.flatMap((one, i) => (one === null || one.result.failure === null ? [] : [i]));
    if (failed.length === 0) break;
    const repeated = await sit(
      failed.map((i) => sat[i]!.sitting),
      again,
    );
    for (const [j, i] of failed.entries()) sat[i] = repeated[j] ?? null;
  }
  return { sat: sat.filter((one) => one !== null), unpaid: sittings.filter((_, i) => sat[i] === null) };
}

/** The same exams by another latent's explanation and by none, of those that have one: once, as a control is worth no more. */
export async function sitControls(
  chat: ChatClient | null,
  sittings: readonly Sitting[],
  ask: Ask,
  report: () => void,
  signal: AbortSignal,
): Promise<Map<Sitting, Controls | null>> {
  const wanted = sittings.filter(({ control }) => control !== null);
  const results = await inBatch(
    chat,
    wanted,
    async (client, sitting, both): Promise<Controls | null> => {
      const [other, blank] = await Promise.all([unlessSpent(ask(client, sitting, 0, 'other', both)), unlessSpent(ask(client, sitting, 0, 'blank', both))]);
      report();
      return other && blank && { other, blank };
    },
    (controls) => controls !== null && controls.other.failures.upstream + controls.blank.failures.upstream > 0,
    signal,
  );
  return new Map(wanted.map((sitting, i) => [sitting, results[i] ?? null]));
}

const uselessModel = ({ sitting, result }: Sat): AppError =>
  new AppError(
    'upstream_failed',
    `The language model ${sitting.judge.model} gave no usable answers in any of the first ${GIVE_UP_AFTER} exams, so it is asked no more. The last one, of ${sitting.scorer.name}: ${result.failure ?? ''} ${sitting.scorer.needs === 'log_probs' ? 'Choose another model to be read (SURPRISAL_MODEL)' : 'Choose a model that answers in the JSON asked for (LLM_MODEL)'}, or leave the scorer ${sitting.scorer.name} out.`,
    { retryable: false, field: sitting.scorer.needs === 'log_probs' ? 'SURPRISAL_MODEL' : 'LLM_MODEL' },
  );

/** Null where the run may not spend what the call can cost. */
async function unlessSpent<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isAppError(error) && error.code === 'budget_spent') return null;
    throw error;
  }
}

/** Why most of its windows have no verdict. */
export const causeOf = ({ result }: Sat): 'upstream' | 'bad_answer' => (result.failures.upstream > result.failures.bad_answer ? 'upstream' : 'bad_answer');
