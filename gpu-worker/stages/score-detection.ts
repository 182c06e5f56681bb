import type { Pool } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { rngFor } from '#lib/random/rng.ts';
import { answeringBatch } from '#gpu-worker/llm/answering-batch.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { detect, DETECTION_PARAMETERS, type Detection } from '#gpu-worker/score/detection/detect.ts';
import { detectionResult, type DetectionResult } from '#gpu-worker/score/detection/result.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { scoreOf, shortScore, withControl, type Sat } from './detection-scores.ts';
import { knownScores, sittingsOf, type Sitting } from './detection-sittings.ts';
import { countCauses, type LlmFailure } from './llm-failures.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, logEvent, type RunFacts } from './run-facts.ts';
import { insertScores } from './score-rows.ts';
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

/** Detection scores of a batch of latents: a language model judges test windows by the explanation alone. */
export function scoreDetection(services: Pick<WorkerServices, 'pool' | 'chat'>): TaskHandler<'score.detection'> {
  return async ({ runId, latents }, context) => {
    const { pool } = services;
    const chat = requireChat(services);
    const run = await loadRun(pool, runId);
    const sittings = await sittingsOf(pool, run, chat, latents);
    const known = await knownScores(pool, run, sittings);
    const open = sittings.filter(({ inputKey }) => !known.has(inputKey));
    const short = open.filter(({ shortfall }) => shortfall !== null);
    const unsat = open.filter(({ shortfall }) => shortfall === null);
    // Scored before, but without the control that this run asks for: only that is paid for.
    const lacking = sittings.filter(({ inputKey, controlKey, shortfall }) => {
      const score = known.get(inputKey);
      return score !== undefined && shortfall === null && controlKey !== null && score.key !== controlKey;
    });

    const exams = unsat.length + lacking.length + unsat.filter(({ control }) => control !== null).length;
    let done = 0;
    const report = (): void => {
      // Counted in latents, of which some have several explanations and some are tried twice.
      done = Math.min(exams, done + 1);
      context.progress(Math.floor((latents.length * done) / exams));
    };
    const sat = await sitExams(chat, run, unsat, (await hasScores(pool, run)) || known.size > 0, report, context.signal);
    const usable = sat.filter(({ result }) => result.failure === null).map(({ sitting }) => sitting);
    const controls = await sitControls(chat, [...usable, ...lacking], report, context.signal);

    const scores = [...short.map((sitting) => shortScore(run, chat, sitting)), ...sat.map((one) => scoreOf(run, chat, one, controls.get(one.sitting) ?? null))];
    for (const sitting of lacking) {
      const control = controls.get(sitting);
      const score = control && (await withControl(pool, run, sitting, known.get(sitting.inputKey)!.id, control));
      if (score) scores.push(score);
    }
    const failures = [
      ...short.map(({ explanation, shortfall }): LlmFailure => ({ latent: explanation.latent, cause: 'no_windows', message: shortfall ?? '' })),
      ...sat.flatMap(failureOf),
    ];
    const controlsFailed = controls.size - scores.filter(({ control }) => control !== null).length;
    await context.commit(async (client) => {
      await insertScores(client, scores);
      const windowsFailed = sat.reduce((sum, { result }) => sum + result.nFailed, 0);
      if (failures.length > 0 || windowsFailed > 0 || controlsFailed > 0) {
        const data = { model: chat.model, endpoint: chat.endpoint, windowsFailed, controlsFailed, ...countCauses(failures) };
        await logEvent(client, run.id, { level: 'warn', stage: 'score', event: 'detection_failed', data });
      }
      return { scores: scores.length - failures.length, reused: known.size, failed: failures.length, windowsFailed };
    });
  };
}

/** Every exam, those that came out without a value once more. `proven`: the model is known to give usable answers. */
async function sitExams(
  chat: ChatClient,
  run: RunFacts,
  sittings: readonly Sitting[],
  proven: boolean,
  report: () => void,
  signal: AbortSignal,
): Promise<Sat[]> {
  let [useless, useful] = [0, proven];
  const sit = (list: readonly Sitting[]): Promise<Sat[]> =>
    answeringBatch(
      chat,
      list,
      async (client, sitting): Promise<Sat> => {
        const { explanation, exam, texts } = sitting;
        const own = await detect(client, { explanation: explanation.text, texts }, DETECTION_PARAMETERS, signal);
        const result = detectionResult(exam, own.predictions, rngFor(run.config.seed, 'detection', explanation.latent));
        const sat = { sitting, own, result };
        if (result.failure === null) useful = true;
        else if (causeOf(sat) === 'bad_answer') useless++;
        if (!useful && useless >= GIVE_UP_AFTER) throw uselessModel(chat, result);
        report();
        return sat;
      },
      ({ own }) => own.failures.upstream > 0,
      signal,
    );
  const sat = await sit(sittings);
  for (let again = 1; again < SITTINGS_A_RUN; again++) {
    const failed = sat.flatMap(({ result }, i) => (result.failure === null ? [] : [i]));
    if (failed.length === 0) break;
    const repeated = await sit(failed.map((i) => (sat[i] as Sat).sitting));
    for (const [j, i] of failed.entries()) sat[i] = repeated[j] as Sat;
  }
  return sat;
}

/** The same exams by another latent's explanation, of those that have one: once, as a control is worth no more. */
async function sitControls(chat: ChatClient, sittings: readonly Sitting[], report: () => void, signal: AbortSignal): Promise<Map<Sitting, Detection>> {
  const wanted = sittings.flatMap(({ control }, i) => (control === null ? [] : [{ sitting: sittings[i] as Sitting, text: control.text }]));
  const detections = await answeringBatch(
    chat,
    wanted,
    async (client, { sitting, text }) => {
      const detection = await detect(client, { explanation: text, texts: sitting.texts }, DETECTION_PARAMETERS, signal);
      report();
      return detection;
    },
    ({ failures }) => failures.upstream > 0,
    signal,
  );
  return new Map(wanted.map(({ sitting }, i) => [sitting, detections[i] as Detection]));
}

/** Whether a batch of the run has had usable answers. */
async function hasScores(pool: Pool, run: RunFacts): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT 1 FROM run_tasks WHERE run_id = $1 AND job = 'score.detection' AND (result->>'scores')::int + (result->>'reused')::int > 0 LIMIT 1`,
    [String(run.id)],
  );
  return rowCount === 1;
}

const uselessModel = (chat: ChatClient, { failure }: DetectionResult): AppError =>
  new AppError(
    'upstream_failed',
    `The language model ${chat.model} gave no usable answers in any of the first ${GIVE_UP_AFTER} exams of its detection scores, so it is asked no more. The last one: ${failure} Choose a model that answers in the JSON asked for (LLM_MODEL), or leave the scorer detection out.`,
    { retryable: false, field: 'LLM_MODEL' },
  );

const causeOf = ({ own }: Sat): 'upstream' | 'bad_answer' => (own.failures.upstream > own.failures.bad_answer ? 'upstream' : 'bad_answer');

function failureOf(sat: Sat): LlmFailure[] {
  const { sitting, result } = sat;
  return result.failure === null ? [] : [{ latent: sitting.explanation.latent, cause: causeOf(sat), message: result.failure }];
}
