import { rngFor } from '#lib/random/rng.ts';
import { answeringBatch } from '#gpu-worker/llm/answering-batch.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { CONTROL_SHARES } from '#gpu-worker/score/detection/control.ts';
import { detect, DETECTION_PARAMETERS, type Detection } from '#gpu-worker/score/detection/detect.ts';
import { DETECTION_TEMPLATE } from '#gpu-worker/score/detection/prompt.ts';
import { detectionResult, type DetectionResult } from '#gpu-worker/score/detection/result.ts';
import type { TaskContext, TaskHandler } from '#platform/queue/types.ts';
import { failedKey, promptsHash, scoredKeys, sittingsOf, type Sitting } from './detection-sittings.ts';
import { countCauses, type LlmFailure } from './llm-failures.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, logEvent, requireFact, type RunFacts } from './run-facts.ts';
import { insertScores, type NewScore } from './score-rows.ts';
import type { WorkerServices } from './services.ts';

/**
 * How often an exam is sat in one run before its score is kept as failed. Each sitting has asked again, alone, for every
 * window whose answer was no use, and the client has repeated every call that got none; a third sitting costs as much as
 * the first and answers what it answered. It is repeated here and not by failing the task, which would throw away the
 * other latents' answers, paid for, and could use up the task's attempts and so end the run.
 */
const SITTINGS_A_RUN = 2;

interface Sat {
  sitting: Sitting;
  own: Detection;
  control: Detection | null;
  result: DetectionResult;
}

/** Detection scores of a batch of latents: a language model judges test windows by the explanation alone. */
export function scoreDetection(services: Pick<WorkerServices, 'pool' | 'chat'>): TaskHandler<'score.detection'> {
  return async ({ runId, latents }, context) => {
    const chat = requireChat(services);
    const run = await loadRun(services.pool, runId);
    const sittings = await sittingsOf(services.pool, run, chat, latents);
    const known = await scoredKeys(services.pool, run, sittings);
    const open = sittings.filter(({ inputKey }) => !known.has(inputKey));
    const short = open.filter(({ shortfall }) => shortfall !== null);
    const sat = await sitExams(
      chat,
      run,
      open.filter(({ shortfall }) => shortfall === null),
      latents.length,
      context,
    );
    const scores = [...short.map((sitting) => shortScore(run, chat, sitting)), ...sat.map((one) => scoreOf(run, chat, one))];
    const failures = [
      ...short.map(({ explanation, shortfall }): LlmFailure => ({ latent: explanation.latent, cause: 'no_windows', message: shortfall ?? '' })),
      ...sat.flatMap(failureOf),
    ];
    await context.commit(async (client) => {
      await insertScores(client, scores);
      const windowsFailed = sat.reduce((sum, { result }) => sum + result.nFailed, 0);
      if (failures.length > 0 || windowsFailed > 0) {
        const data = { model: chat.model, endpoint: chat.endpoint, windowsFailed, ...countCauses(failures) };
        await logEvent(client, run.id, { level: 'warn', stage: 'score', event: 'detection_failed', data });
      }
      return { scores: scores.length - failures.length, reused: known.size, failed: failures.length, windowsFailed };
    });
  };
}

/** Every exam, those that came out without a value once more. */
async function sitExams(chat: ChatClient, run: RunFacts, sittings: readonly Sitting[], amount: number, context: TaskContext): Promise<Sat[]> {
  let done = 0;
  const sit = (list: readonly Sitting[]): Promise<Sat[]> =>
    answeringBatch(
      chat,
      list,
      async (client, sitting): Promise<Sat> => {
        const { explanation, control, exam, texts } = sitting;
        const ask = (text: string): Promise<Detection> => detect(client, { explanation: text, texts }, DETECTION_PARAMETERS, context.signal);
        const own = await ask(explanation.text);
        const result = detectionResult(exam, own.predictions, rngFor(run.config.seed, 'detection', explanation.latent));
        const other = control && (await ask(control.text));
        // Counted in latents, of which some have several explanations and some are tried twice.
        done = Math.min(sittings.length, done + 1);
        context.progress(Math.floor((amount * done) / sittings.length));
        return { sitting, own, control: other, result };
      },
      ({ own, control }) => own.failures.upstream + (control?.failures.upstream ?? 0) > 0,
      context.signal,
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

function failureOf({ sitting, own, result }: Sat): LlmFailure[] {
  if (result.failure === null) return [];
  const cause = own.failures.upstream > own.failures.bad_answer ? 'upstream' : 'bad_answer';
  return [{ latent: sitting.explanation.latent, cause, message: result.failure }];
}

/** What every detection score of a sitting has, whatever came out. */
function baseOf(run: RunFacts, chat: ChatClient, { explanation, texts }: Sitting) {
  return {
    coderId: run.coderId,
    latentIndex: explanation.latent,
    explanationId: explanation.id,
    runId: run.id,
    scorer: 'detection' as const,
    metric: 'balanced_accuracy' as const,
    provenance: {
      sampleKey: requireFact(run, 'sampleKey'),
      template: DETECTION_TEMPLATE,
      promptsHash: promptsHash(explanation.text, texts),
      model: chat.model,
      endpoint: chat.endpoint,
      ...DETECTION_PARAMETERS,
      seed: run.config.seed,
      controlShare: CONTROL_SHARES[run.config.detectionControl],
    },
  };
}

/** The score of an exam that was not sat. Its key is the exam's own: the same windows would fall short again. */
function shortScore(run: RunFacts, chat: ChatClient, sitting: Sitting): NewScore {
  const { exam, shortfall, inputKey } = sitting;
  return {
    ...baseOf(run, chat, sitting),
    ...{ value: null, interval: null, control: null, nPositives: 0, nNegatives: 0, nFailed: exam.windows.length, failure: shortfall },
    verdicts: [],
    inputKey,
  };
}

function scoreOf(run: RunFacts, chat: ChatClient, { sitting, own, control, result }: Sat): NewScore {
  const { explanation, exam } = sitting;
  const base = baseOf(run, chat, sitting);
  const other = control && detectionResult(exam, control.predictions, rngFor(run.config.seed, 'detection-control', explanation.latent));
  return {
    ...base,
    ...result,
    control: other?.value === null || other === null ? null : { value: other.value, interval: other.interval },
    provenance: {
      ...base.provenance,
      temperature: own.temperature,
      structured: own.structured,
      askedAlone: own.askedAlone,
      failures: own.failures,
      ...own.usage,
      control: control && sitting.control ? { explanation: String(sitting.control.id), failures: control.failures, ...control.usage } : null,
    },
    inputKey: result.failure === null ? sitting.inputKey : failedKey(run, sitting),
  };
}
