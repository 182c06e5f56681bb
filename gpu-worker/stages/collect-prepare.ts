import { AppError } from '#lib/errors/app-error.ts';
import { hasJob } from '#lib/run/steps.ts';
import { llmScorers, READING_SCORERS } from '#lib/score/llm-scorers.ts';
import { coderParts } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import { textRowsKey, writeTextRows } from '#gpu-worker/activations/collect/text-rows.ts';
import { contentKey } from '#gpu-worker/activations/keys.ts';
import { readDataSet, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { recordingForRun } from '#gpu-worker/llm/recording-for-run.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { checkFit } from '#gpu-worker/sparse-coder/check-fit.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { openTextSource } from '#gpu-worker/text/text-source.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { addResults, loadRun, logEvent, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Checks that model, coder and hookpoint go together, then writes the run's data set unless it is there already. */
export function collectPrepare(services: WorkerServices): TaskHandler<'collect.prepare'> {
  return async ({ runId }, context) => {
    const run = await loadRun(services.pool, runId);
    checkBudget(services, run);
    const checkpoint = await openCheckpoint(run.modelLocation);
    const coder = await openSparseCoder(run.coderLocation);
    const hookpoint = chooseHookpoint(run, checkpoint, coder.dIn);
    const source = await openTextSource(run.textLocation);
    const bos = checkpoint.bosTokenId;
    if (bos === null) throw new AppError('unsupported', `${checkpoint.name} states no bos_token_id; every row must begin with one.`, { field: 'model' });

    const request = { checkpoint, bos, source, seed: run.config.seed, tokens: run.config.tokens };
    const dataKey = await textRowsKey(request);
    await writeTextRows(services.artifacts, dataKey, request, async (tokens) => {
      context.progress(tokens);
      await yieldNow(context.signal);
    });
    const data = await readDataSet(services.artifacts, dataKey);
    const activationKey = contentKey(
      coderParts({ data: dataKey, masked: true, model: checkpoint.revision, coder: coder.revision, hookpoint, provider: services.device }),
    );
    await context.commit(async (client) => {
      const facts = { dataKey, activationKey, hookpoint, rows: data.rows, tokens: data.tokenCount, width: coder.width };
      await addResults(client, run.id, facts);
      await logEvent(client, run.id, {
        level: data.tokenCount < run.config.tokens ? 'warn' : 'info',
        stage: 'collect',
        event: data.tokenCount < run.config.tokens ? 'text_shorter_than_asked' : 'rows_packed',
        data: { tokens: data.tokenCount, asked: run.config.tokens, rows: data.rows, documents: documentCounts(data) },
      });
      return facts;
    });
  };
}

/** A budget that cannot be held to is told of now, and not after minutes of collecting; throws as `recordingForRun`. */
function checkBudget(services: WorkerServices, run: RunFacts): void {
  const scorers = llmScorers(run.config);
  const asks = hasJob(run.config, 'explain.llm') || scorers.some((name) => !READING_SCORERS.includes(name));
  if (asks && services.chat !== null) recordingForRun(services, run, services.chat);
  if (scorers.some((name) => READING_SCORERS.includes(name)) && services.completions !== null) recordingForRun(services, run, services.completions);
}

function chooseHookpoint(run: RunFacts, checkpoint: Checkpoint, dIn: number): string {
  const wanted = run.config.hookpoint ?? run.coderHookpoints[0];
  if (wanted === undefined) {
    throw new AppError('invalid_config', 'This coder’s files do not say where it reads; give `hookpoint`.', { field: 'hookpoint' });
  }
  checkFit(checkpoint, wanted, dIn);
  return wanted;
}

function documentCounts(data: DataSet): Record<string, number> {
  const counts = { train: 0, test: 0, reserve: 0 };
  for (const { split } of data.documents) counts[split]++;
  return counts;
}
