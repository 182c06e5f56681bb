import { setMaxListeners } from 'node:events';
import { AppError } from '#lib/errors/app-error.ts';
import { decodeExamples, encodeExamples } from '#lib/example/blob.ts';
import { protocolNamed } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { Verdict } from '#lib/score/schema.ts';
import { clusterProportion } from '#lib/stats/cluster-proportion.ts';
import { precisionAtRate, type Share } from '#lib/stats/precision-at-rate.ts';
import { chatForRun } from '#gpu-worker/llm/chat-for-run.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { forAttempt } from '#gpu-worker/score/for-attempt.ts';
import { shuffledExam } from '#gpu-worker/score/shuffled-exam.ts';
import { transaction } from '#platform/database/transaction.ts';
import { currentExplanations } from './current-explanations.ts';
import { readyLatents } from './plan.ts';
import { addResults, loadRun } from './run-facts.ts';
import { runScorers } from './run-scorers.ts';
import { openSampleSources } from './sample-sources.ts';
import { storedExamples } from './stored-sample.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Random silent windows a latent: with none of them taken for firing, at most 4 in 1,000 are. */
export const SILENT_WINDOWS = 1000;

/** How a detection judge would do where windows come as they come, and not one half firing. */
export interface NaturalPrecision {
  latent: number;
  explanation: string;
  method: string;
  /** Share of the exam side's windows in which it fires. */
  rate: number;
  firing: Share | null;
  falseAlarms: Share | null;
  precision: Share | null;
  nFiring: number;
  nSilent: number;
  nFailed: number;
}

/**
 * For a random sample of a run's latents: detection of its firing test windows among 1,000 random silent ones, and the
 * precision that follows at the rate at which the latent really fires. Kept in the run's results as `precision`.
 *
 * @throws AppError `invalid_config` without a language model, `not_found` when the run's store is gone
 */
export async function measurePrecision(
  services: WorkerServices,
  runId: string,
  count: number,
  { silent = SILENT_WINDOWS, signal = new AbortController().signal }: { silent?: number; signal?: AbortSignal } = {},
): Promise<NaturalPrecision[]> {
  // Every call listens to the signal: no leak, though Node warns of one.
  setMaxListeners(0, signal);
  const run = await loadRun(services.pool, runId);
  const { seed } = run.config;
  const ready = await readyLatents(services.pool, run);
  const latents = sampleIndices(rngFor(seed, 'precision latents'), ready.length, count)
    .map((i) => ready[i]!)
    .sort((a, b) => a - b);
  const explanations = await currentExplanations(services.pool, run, latents);
  if (explanations.length === 0) throw new AppError('bad_request', `Run ${runId} has no explanations to measure: let it explain first.`, { field: 'run' });
  const chat = forAttempt(chatForRun(services, run), { purpose: 'precision', attempt: 0, seed });
  const [scorer] = await runScorers({ run, frequency: () => Promise.reject(new AppError('internal', 'Detection marks nothing.')) }, ['detection']);
  const drawn = await drawWindows(services, run, latents, silent, signal);
  const out: NaturalPrecision[] = [];
  for (const explanation of explanations) {
    const own = drawn.get(explanation.latent);
    if (own === undefined || scorer === undefined) continue;
    const exam = shuffledExam(examOf(own.examples), seed, explanation.latent);
    const { verdicts, nFailed } = await scorer.score(
      { latent: explanation.latent, seed, exam, maxActivation: 1 },
      explanation.text,
      { chat, completions: null, embed: null },
      signal,
    );
    const documents = new Map(exam.windows.map((window, i) => [`${window.row}:${window.start}`, exam.documents[i]!]));
    const [firing, falseAlarms] = [true, false].map((positive) => saidYes(verdicts, positive, documents));
    out.push({
      ...{ latent: explanation.latent, explanation: String(explanation.id), method: explanation.method, rate: own.rate, nFailed },
      firing: firing!.share,
      falseAlarms: falseAlarms!.share,
      precision: firing!.share && falseAlarms!.share && precisionAtRate(firing!.share, falseAlarms!.share, own.rate),
      nFiring: firing!.n,
      nSilent: falseAlarms!.n,
    });
  }
  await transaction(services.pool, (client) => addResults(client, run.id, { precision: out }));
  return out;
}

async function drawWindows(
  services: WorkerServices,
  run: Awaited<ReturnType<typeof loadRun>>,
  latents: readonly number[],
  silent: number,
  signal: AbortSignal,
): Promise<Map<number, { examples: Example[]; rate: number }>> {
  const protocol = { ...protocolNamed(run.config.protocol), negatives: { random: silent } };
  const sources = await openSampleSources(services, run, protocol, () => yieldNow(signal));
  try {
    const out = new Map<number, { examples: Example[]; rate: number }>();
    for (const latent of latents) {
      const { request, examples } = await sources.draw(latent);
      const stored = storedExamples(sources.data, request.latent, { ...examples, contrastive: [] }, protocol, sources.tokenizer);
      const all = request.table.pool(protocol.sides === 'shared' ? null : 'test', protocol.collapse).origins.length;
      // Firing windows that stand in the exam's place for others of the same tokens are counted once, as silent ones are.
      out.set(latent, { examples: decodeExamples(encodeExamples(stored)), rate: Math.min(examples.testWindows, all - 1) / all });
    }
    return out;
  } finally {
    await sources.close();
  }
}

/** Share of one class's windows that got a yes. */
function saidYes(verdicts: readonly Verdict[], positive: boolean, documents: ReadonlyMap<string, number>): { share: Share | null; n: number } {
  const judged = verdicts.filter((verdict) => verdict.positive === positive && verdict.right !== null);
  const found = clusterProportion(
    judged.map(({ right }) => right === positive),
    judged.map(({ row, start }) => documents.get(`${row}:${start}`)!),
  );
  return { share: found?.interval ? { estimate: found.estimate, interval: found.interval } : null, n: judged.length };
}
