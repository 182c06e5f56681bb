import { AppError } from '#lib/errors/app-error.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { PRECISION_LATENTS, SILENT_WINDOWS, type PrecisionScorer } from '#lib/score/precision.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { transaction } from '#platform/database/transaction.ts';
import { currentExplanations } from './current-explanations.ts';
import { readyLatents } from './plan.ts';
import { detectionJudge, embeddingJudge, type PrecisionJudge } from './precision-judges.ts';
import { insertPrecisions, keptPrecisions, type TakenPrecision } from './precision-rows.ts';
import { drawPrecisionWindows } from './precision-windows.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { takenDownKeys } from './taken-down-keys.ts';
import { yieldNow } from './yield-now.ts';

/** The latents of a run whose precision is measured: a random sample of those that are ready, the same whoever asks. Ascending. */
export function precisionSample(ready: readonly number[], seed: number, count = PRECISION_LATENTS): number[] {
  return sampleIndices(rngFor(seed, 'precision latents'), ready.length, count)
    .map((i) => ready[i]!)
    .sort((a, b) => a - b);
}

interface Options {
  silent?: number;
  signal?: AbortSignal;
}

/**
 * For a random sample of a run's latents, each with each of its explanations: how a judge does on the firing windows of
 * the exam among 1,000 random silent ones, and the precision that follows at the rate at which the latent really fires.
 * What is known is not measured again; the rest is kept in `precisions`.
 *
 * @throws AppError `invalid_config` for detection without a language model, `bad_request` for a run without explanations,
 *   `not_found` when the run's store is gone
 */
export async function measurePrecision(
  services: WorkerServices,
  runId: string,
  count: number,
  scorers: readonly PrecisionScorer[],
  { silent = SILENT_WINDOWS, signal = new AbortController().signal }: Options = {},
): Promise<TakenPrecision[]> {
  const run = await loadRun(services.pool, runId);
  const latents = precisionSample(await readyLatents(services.pool, run), run.config.seed, count);
  const out: TakenPrecision[] = [];
  for (const scorer of scorers) {
    const judge = scorer === 'embedding' ? await embeddingJudge(services, run) : await detectionJudge(services, run, signal);
    const { taken, kept } = await takePrecisions(services, run, latents, judge, { silent, signal });
    await transaction(services.pool, (client) => insertPrecisions(client, taken));
    out.push(...[...kept, ...taken].sort((a, b) => a.latent - b.latent));
  }
  if (out.length === 0) throw new AppError('bad_request', `Run ${runId} has no explanations to measure: let it explain first.`, { field: 'run' });
  return out;
}

/** What a judge finds of the explanations of some latents, and what was found of the same inputs before. Nothing is written. */
export async function takePrecisions(
  services: WorkerServices,
  run: RunFacts,
  latents: readonly number[],
  judge: PrecisionJudge,
  { silent = SILENT_WINDOWS, signal = new AbortController().signal }: Options = {},
): Promise<{ taken: TakenPrecision[]; kept: TakenPrecision[] }> {
  const { pool } = services;
  const [explanations, takenDown] = await Promise.all([currentExplanations(pool, run, latents), takenDownKeys(pool, run)]);
  const shared = { scorer: judge.scorer, ...judge.identity, sampleKey: requireFact(run, 'sampleKey'), seed: run.config.seed, silent };
  const asked = explanations.map((explanation) => ({
    explanation,
    inputKey: contentKey({ version: ALGORITHM_VERSIONS.precision, ...shared, explanation: explanation.inputKey, takenDown }),
  }));
  const known = await keptPrecisions(pool, run.coderId, asked.map(({ inputKey }) => inputKey)); // prettier-ignore
  const knownOf = ({ explanation, inputKey }: (typeof asked)[number]) => known.get(`${explanation.id} ${inputKey}`);
  const open = asked.filter((one) => knownOf(one) === undefined);
  const drawn = await drawPrecisionWindows(services, run, [...new Set(open.map(({ explanation }) => explanation.latent))], { silent, takenDown, signal });
  const [taken, kept]: [TakenPrecision[], TakenPrecision[]] = [[], []];
  for (const one of asked) {
    const { explanation, inputKey } = one;
    const { latent, id, method } = explanation;
    const base = { coderId: run.coderId, latent, explanationId: id, method, runId: run.id, scorer: judge.scorer, provenance: shared, inputKey };
    const figures = knownOf(one);
    const windows = drawn.get(latent);
    if (figures !== undefined) kept.push({ ...base, figures });
    else if (windows !== undefined) taken.push({ ...base, figures: await judge.judge(explanation, windows) });
    await yieldNow(signal);
  }
  return { taken, kept };
}
