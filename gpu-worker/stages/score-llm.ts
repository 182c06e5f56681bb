import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import type { Verdict } from '#lib/score/schema.ts';
import { answeringBatch } from '#gpu-worker/llm/answering-batch.ts';
import { inFlight } from '#gpu-worker/llm/in-flight.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { CompletionClient } from '#gpu-worker/llm/completion-client.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import { forAttempt } from '#gpu-worker/score/for-attempt.ts';
import type { TokenFrequency } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { BASELINE_METHOD } from '#gpu-worker/score/lift.ts';
import { completionsOf } from '#gpu-worker/score/read-prompts.ts';
import type { Scorer, ScoreResult, ScorerServices } from '#gpu-worker/score/scorer.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { countCauses, type LlmFailure } from './llm-failures.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, logEvent, type RunFacts } from './run-facts.ts';
import { corpusFrequency, runScorers } from './run-scorers.ts';
import { insertScores } from './score-rows.ts';
import { scoreOf, shortScore, storedVerdictsOf, withControls, type Controls, type Sat } from './scorer-scores.ts';
import { knownScores, sittingsOf, type Judge, type KnownScore, type Sitting } from './scorer-sittings.ts';
import type { WorkerServices } from './services.ts';

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

/** Asks an exam's questions, or those of its control. */
type Ask = (chat: ChatClient | null, sitting: Sitting, attempt: number, of: 'own' | 'other' | 'blank', signal: AbortSignal) => Promise<ScoreResult>;

/** Scores of a batch of latents by a language model: every scorer of every latent at once, as the client's slots allow. */
export function scoreLlm(
  services: Pick<WorkerServices, 'pool' | 'chat' | 'artifacts' | 'cache'> & { completions?: CompletionClient | null },
  { frequency = corpusFrequency }: { frequency?: (services: Pick<WorkerServices, 'artifacts' | 'cache'>, run: RunFacts) => Promise<TokenFrequency> } = {},
): TaskHandler<'score.llm'> {
  return async ({ runId, latents, scorers: names }, context) => {
    const { pool } = services;
    const run = await loadRun(pool, runId);
    const scorers = await runScorers({ run, frequency: () => frequency(services, run) }, names);
    const chat = scorers.some(({ needs }) => needs === 'chat') ? requireChat(services) : null;
    const completions = services.completions ?? null;
    const judgeOf = ({ needs }: Scorer): Judge => (needs === 'chat' ? requireChat(services) : completionsOf({ completions }));
    const sittings = await sittingsOf(pool, run, judgeOf, scorers, latents);
    const known = await knownScores(pool, run, sittings);
    const open = sittings.filter(({ inputKey }) => !known.has(inputKey));
    const short = open.filter(({ shortfall }) => shortfall !== null);
    const unsat = open.filter(({ shortfall }) => shortfall === null);
    // Scored before, but without the controls that this run asks for: only those are paid for.
    const lacking = sittings.filter(({ inputKey, controlKey, shortfall }) => {
      const score = known.get(inputKey);
      return score !== undefined && shortfall === null && controlKey !== null && score.key !== controlKey;
    });

    const exams = unsat.length + lacking.length + unsat.filter(({ control }) => control !== null).length;
    let done = 0;
    const report = (): void => {
      // Counted in latents, of which some have several exams and some are tried twice.
      done = Math.min(exams, done + 1);
      context.progress(Math.floor((latents.length * done) / exams));
    };
    const ask: Ask = (client, { scorer, latentExam, controlExam, explanation, control }, attempt, of, signal) => {
      const asking: ScorerServices = {
        chat: client && forAttempt(client, { purpose: of === 'own' ? `score.${scorer.name}` : `score.${scorer.name}.control`, attempt, seed: run.config.seed }),
        completions,
        embed: null,
      };
      const text = of === 'own' ? (explanation?.text ?? '') : of === 'other' ? (control?.text ?? '') : BLANK_EXPLANATION;
      return scorer.score(of === 'own' ? latentExam : controlExam, text, asking, signal);
    };
    const sat = await sitExams(chat, unsat, ask, (await hasScores(pool, run)) || known.size > 0, report, context.signal);
    const usable = sat.filter(({ result }) => result.failure === null).map(({ sitting }) => sitting);
    const controls = await sitControls(chat, [...usable, ...lacking], ask, report, context.signal);

    const baselines = await baselineVerdicts(pool, run, sittings, sat, known);
    const scores = [
      ...short.map((sitting) => shortScore(run, sitting)),
      ...sat.map((one) => scoreOf(run, one, controls.get(one.sitting) ?? null, baselines.get(examId(one.sitting)) ?? null)),
    ];
    for (const sitting of lacking) {
      const control = controls.get(sitting);
      const score = control && (await withControls(pool, run, sitting, known.get(sitting.inputKey)!.id, control));
      if (score) scores.push(score);
    }
    const failures = [
      ...short.map(({ latent, shortfall }): LlmFailure => ({ latent, cause: 'no_windows', message: shortfall ?? '' })),
      ...sat.flatMap(failureOf),
    ];
    const controlsFailed = controls.size - scores.filter(({ control }) => control !== null).length;
    await context.commit(async (client) => {
      await insertScores(client, scores);
      const windowsFailed = sat.reduce((sum, { result }) => sum + result.failures.bad_answer + result.failures.upstream, 0);
      if (failures.length > 0 || windowsFailed > 0 || controlsFailed > 0) {
        const data = {
          model: sittings[0]?.judge.model ?? null,
          endpoint: sittings[0]?.judge.endpoint ?? null,
          scorers: names,
          windowsFailed,
          controlsFailed,
          ...countCauses(failures),
        };
        await logEvent(client, run.id, { level: 'warn', stage: 'score', event: 'scores_failed', data });
      }
      return { scores: scores.length - failures.length, reused: known.size, failed: failures.length, windowsFailed };
    });
  };
}

/**
 * Works on sittings, those that a model is asked about as `answeringBatch` does; those that a model only reads beside them,
 * as many at once as it takes. Results come back in the sittings' order.
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

/** Every exam, those that came out without a value once more. `proven`: the model is known to give usable answers. */
async function sitExams(
  chat: ChatClient | null,
  sittings: readonly Sitting[],
  ask: Ask,
  proven: boolean,
  report: () => void,
  signal: AbortSignal,
): Promise<Sat[]> {
  let [useless, useful] = [0, proven];
  const sit = (list: readonly Sitting[], attempt: number): Promise<Sat[]> =>
    inBatch(
      chat,
      list,
      async (client, sitting, both): Promise<Sat> => {
        const result = await ask(client, sitting, attempt, 'own', both);
        const sat = { sitting, result };
        if (result.failure === null) useful = true;
        else if (causeOf(sat) === 'bad_answer') useless++;
        if (!useful && useless >= GIVE_UP_AFTER) throw uselessModel(sat);
        report();
        return sat;
      },
      ({ result }) => result.failures.upstream > 0,
      signal,
    );
  const sat = await sit(sittings, 0);
  for (let again = 1; again < SITTINGS_A_RUN; again++) {
    const failed = sat.flatMap(({ result }, i) => (result.failure === null ? [] : [i]));
    if (failed.length === 0) break;
    const repeated = await sit(
      failed.map((i) => sat[i]!.sitting),
      again,
    );
    for (const [j, i] of failed.entries()) sat[i] = repeated[j]!;
  }
  return sat;
}

/** The same exams by another latent's explanation and by none, of those that have one: once, as a control is worth no more. */
async function sitControls(
  chat: ChatClient | null,
  sittings: readonly Sitting[],
  ask: Ask,
  report: () => void,
  signal: AbortSignal,
): Promise<Map<Sitting, Controls>> {
  const wanted = sittings.filter(({ control }) => control !== null);
  const results = await inBatch(
    chat,
    wanted,
    async (client, sitting, both): Promise<Controls> => {
      const [other, blank] = await Promise.all([ask(client, sitting, 0, 'other', both), ask(client, sitting, 0, 'blank', both)]);
      report();
      return { other, blank };
    },
    ({ other, blank }) => other.failures.upstream + blank.failures.upstream > 0,
    signal,
  );
  return new Map(wanted.map((sitting, i) => [sitting, results[i]!]));
}

const examId = ({ latent, scorer }: Sitting): string => `${latent} ${scorer.name}`;

/** What the lexical baseline's explanations were judged to be right and wrong on, by latent and scorer: sat now or before. */
async function baselineVerdicts(
  pool: Pool,
  run: RunFacts,
  sittings: readonly Sitting[],
  sat: readonly Sat[],
  known: ReadonlyMap<string, KnownScore>,
): Promise<Map<string, readonly Verdict[]>> {
  const out = new Map<string, readonly Verdict[]>();
  // Needed only where another explanation of the latent was judged by the same scorer just now.
  const needed = new Set(
    sat.filter(({ sitting }) => sitting.explanation !== null && sitting.explanation.method !== BASELINE_METHOD).map(({ sitting }) => examId(sitting)),
  );
  for (const sitting of sittings) {
    if (sitting.explanation?.method !== BASELINE_METHOD || !needed.has(examId(sitting))) continue;
    const own = sat.find((one) => one.sitting === sitting);
    const stored = known.get(sitting.inputKey);
    if (own) out.set(examId(sitting), own.result.verdicts);
    else if (stored) out.set(examId(sitting), await storedVerdictsOf(pool, run, stored.id));
  }
  return out;
}

/** Whether a batch of the run has had usable answers. */
async function hasScores(pool: Pool, run: RunFacts): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT 1 FROM run_tasks WHERE run_id = $1 AND job = 'score.llm' AND (result->>'scores')::int + (result->>'reused')::int > 0 LIMIT 1`,
    [String(run.id)],
  );
  return rowCount === 1;
}

const uselessModel = ({ sitting, result }: Sat): AppError =>
  new AppError(
    'upstream_failed',
    `The language model ${sitting.judge.model} gave no usable answers in any of the first ${GIVE_UP_AFTER} exams, so it is asked no more. The last one, of ${sitting.scorer.name}: ${result.failure ?? ''} Choose a model that answers in the JSON asked for (LLM_MODEL), or leave the scorer ${sitting.scorer.name} out.`,
    { retryable: false, field: 'LLM_MODEL' },
  );

const causeOf = ({ result }: Sat): 'upstream' | 'bad_answer' => (result.failures.upstream > result.failures.bad_answer ? 'upstream' : 'bad_answer');

function failureOf(sat: Sat): LlmFailure[] {
  const { sitting, result } = sat;
  return result.failure === null ? [] : [{ latent: sitting.latent, cause: causeOf(sat), message: `${sitting.scorer.name}: ${result.failure}` }];
}
