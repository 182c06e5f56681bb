import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { dataSetKey, readDataSet, writeDataSet, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { dealDocuments, documentOrder } from '#gpu-worker/activations/deal-documents.ts';
import { packRows, packableTokens, ROW_LENGTH } from '#gpu-worker/activations/pack-rows.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { resolveHookpoint } from '#gpu-worker/model/hookpoints.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { readDocuments } from '#gpu-worker/text/documents.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { addResults, loadRun, logEvent, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Checks that model, coder and hookpoint go together, then writes the run's data set unless it is there already. */
export function collectPrepare(services: WorkerServices): TaskHandler<'collect.prepare'> {
  return async ({ runId }, context) => {
    const run = await loadRun(services.pool, runId);
    const checkpoint = await openCheckpoint(run.modelLocation);
    const coder = await openSparseCoder(run.coderLocation);
    const hookpoint = chooseHookpoint(run, checkpoint, coder.dIn);
    const source = await readDocuments(run.textLocation);
    const bos = checkpoint.bosTokenId;
    if (bos === null) throw new AppError('unsupported', `${checkpoint.name} states no bos_token_id; every row must begin with one.`, { field: 'model' });

    const dataKey = contentKey({
      version: ALGORITHM_VERSIONS.rows,
      model: checkpoint.revision,
      tokenizer: createHash('sha256')
        .update(await readFile(path.join(checkpoint.dir, 'tokenizer.json')))
        .digest('hex'),
      text: source.revision,
      seed: run.config.seed,
      tokens: run.config.tokens,
      rowLength: ROW_LENGTH,
    });
    if (!(await services.artifacts.has(dataSetKey(dataKey)))) {
      await prepareRows(services, run, { checkpoint, bos, documents: source.documents, dataKey }, context.progress, context.signal);
    }
    const data = await readDataSet(services.artifacts, dataKey);
    const activationKey = contentKey({
      version: ALGORITHM_VERSIONS.activations,
      data: dataKey,
      model: checkpoint.revision,
      coder: coder.revision,
      hookpoint,
      provider: services.device,
      number: 'f32',
    });
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

function chooseHookpoint(run: RunFacts, checkpoint: Checkpoint, dIn: number): string {
  const wanted = run.config.hookpoint ?? run.coderHookpoints[0];
  if (wanted === undefined) {
    throw new AppError('invalid_config', 'This coder’s files do not say where it reads; give `hookpoint`.', { field: 'hookpoint' });
  }
  const hookpoint = resolveHookpoint(checkpoint.spec, wanted);
  if (hookpoint.width !== dIn) {
    throw new AppError('shape_mismatch', `The coder reads vectors of width ${dIn}, but ${wanted} of ${checkpoint.name} has width ${hookpoint.width}.`, {
      field: 'coder',
    });
  }
  return wanted;
}

async function prepareRows(
  services: WorkerServices,
  run: RunFacts,
  { checkpoint, bos, documents, dataKey }: { checkpoint: Checkpoint; bos: number; documents: { key: string; text: string }[]; dataKey: string },
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const tokenizer = await openTokenizer(checkpoint.dir);
  const chosen: { key: string; ids: Int32Array; cluster: string }[] = [];
  let total = 0;
  for (const index of documentOrder(documents.length, run.config.seed)) {
    if (total >= run.config.tokens) break;
    const { key, text } = documents[index] as { key: string; text: string };
    const ids = tokenizer.encode(text);
    const usable = packableTokens(ids.length);
    if (usable === 0) continue;
    // Only what fits the budget counts when documents are dealt, so that the last, cut one does not tip the shares.
    chosen.push({
      key,
      ids: ids.subarray(0, Math.min(usable, run.config.tokens - total + ROW_LENGTH)),
      cluster: createHash('sha256').update(text.trim()).digest('hex'),
    });
    total += usable;
    progress(Math.min(total, run.config.tokens));
    await yieldNow(signal);
  }
  const splits = dealDocuments(chosen.map(({ key, ids, cluster }) => ({ key, tokens: ids.length, cluster })));
  const packed = packRows(
    chosen.map(({ ids }) => ids),
    bos,
    run.config.tokens,
  );
  await writeDataSet(services.artifacts, dataKey, packed, {
    rowLength: ROW_LENGTH,
    bos,
    documents: chosen.map(({ key }, i) => ({ key, split: splits[i] as (typeof splits)[number] })),
  });
}

function documentCounts(data: DataSet): Record<string, number> {
  const counts = { train: 0, test: 0, reserve: 0 };
  for (const { split } of data.documents) counts[split]++;
  return counts;
}
