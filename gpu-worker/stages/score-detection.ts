import { rngFor } from '#lib/random/rng.ts';
import { answeringBatch } from '#gpu-worker/llm/answering-batch.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { CONTROL_SHARE } from '#gpu-worker/score/detection/control.ts';
import { detect, DETECTION_PARAMETERS, type Detection } from '#gpu-worker/score/detection/detect.ts';
import { DETECTION_TEMPLATE } from '#gpu-worker/score/detection/prompt.ts';
import { detectionResult } from '#gpu-worker/score/detection/result.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { promptsHash, scoredKeys, sittingsOf, type Sitting } from './detection-sittings.ts';
import { countCauses } from './llm-failures.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, logEvent, requireFact, type RunFacts } from './run-facts.ts';
import { insertScores, type NewScore } from './score-rows.ts';
import type { WorkerServices } from './services.ts';

interface Answers {
  own: Detection;
  control: Detection | null;
}

/** Detection scores of a batch of latents: a language model judges test windows by the explanation alone. */
export function scoreDetection(services: Pick<WorkerServices, 'pool' | 'chat'>): TaskHandler<'score.detection'> {
  return async ({ runId, latents }, context) => {
    const chat = requireChat(services);
    const run = await loadRun(services.pool, runId);
    const { sittings, failures } = await sittingsOf(services.pool, run, chat, latents);
    const known = await scoredKeys(services.pool, run, sittings);
    const open = sittings.filter(({ inputKey }) => !known.has(inputKey));
    let done = 0;
    const answers = await answeringBatch(
      chat,
      open,
      async (client, { explanation, control, texts }): Promise<Answers> => {
        const sit = (text: string): Promise<Detection> => detect(client, { explanation: text, texts }, DETECTION_PARAMETERS, context.signal);
        const own = await sit(explanation.text);
        const other = control && (await sit(control.text));
        // Counted in latents, of which some have several explanations and some are tried twice.
        done = Math.min(open.length, done + 1);
        context.progress(Math.floor((latents.length * done) / open.length));
        return { own, control: other };
      },
      ({ own, control }) => own.failures.upstream + (control?.failures.upstream ?? 0) > 0,
      context.signal,
    );
    const scores: NewScore[] = [];
    for (const [i, sitting] of open.entries()) {
      const answer = answers[i] as Answers;
      // Not one verdict and the endpoint to blame: that says nothing of the explanation, so there is no score to keep.
      if (answer.own.failures.upstream === sitting.texts.length) {
        failures.push({ latent: sitting.explanation.latent, cause: 'upstream', message: 'The endpoint answered none of the exam’s prompts.' });
      } else {
        scores.push(scoreOf(run, chat, sitting, answer));
      }
    }
    await context.commit(async (client) => {
      await insertScores(client, scores);
      const windowsFailed = scores.reduce((sum, { nFailed }) => sum + nFailed, 0);
      if (failures.length > 0 || windowsFailed > 0) {
        const data = { model: chat.model, endpoint: chat.endpoint, windowsFailed, ...countCauses(failures) };
        await logEvent(client, run.id, { level: 'warn', stage: 'score', event: 'detection_failed', data });
      }
      return { scores: scores.length, reused: known.size, failed: failures.length, windowsFailed };
    });
  };
}

function scoreOf(run: RunFacts, chat: ChatClient, { explanation, control, exam, texts, inputKey }: Sitting, answers: Answers): NewScore {
  const { seed } = run.config;
  const result = detectionResult(exam, answers.own.predictions, rngFor(seed, 'detection', explanation.latent));
  const controlResult = answers.control && detectionResult(exam, answers.control.predictions, rngFor(seed, 'detection-control', explanation.latent));
  return {
    coderId: run.coderId,
    latentIndex: explanation.latent,
    explanationId: explanation.id,
    runId: run.id,
    scorer: 'detection',
    metric: 'balanced_accuracy',
    ...result,
    control: controlResult?.value === null || controlResult === null ? null : { value: controlResult.value, interval: controlResult.interval },
    provenance: {
      sampleKey: requireFact(run, 'sampleKey'),
      template: DETECTION_TEMPLATE,
      promptsHash: promptsHash(explanation.text, texts),
      model: chat.model,
      endpoint: chat.endpoint,
      ...DETECTION_PARAMETERS,
      temperature: answers.own.temperature,
      structured: answers.own.structured,
      seed,
      askedAlone: answers.own.askedAlone,
      failures: answers.own.failures,
      ...answers.own.usage,
      controlShare: CONTROL_SHARE,
      control: answers.control && control ? { explanation: String(control.id), failures: answers.control.failures, ...answers.control.usage } : null,
    },
    inputKey,
  };
}
