import { AppError } from '#lib/errors/app-error.ts';
import { coderFileKey, readCoderEntry } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import { dataSetKey } from '#gpu-worker/activations/data-set.ts';
import { openCoderFile } from '#gpu-worker/activations/store/coder-file.ts';
import type { CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import { openRows } from '#gpu-worker/activations/store/rows-file.ts';
import type { CoderActivations, StoredRows } from '#gpu-worker/activations/store/types.ts';
import { requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/** What a run collected, held open. */
export interface Collected {
  entry: CoderEntry;
  activations: CoderActivations;
  rows: StoredRows;
}

/** The entry that describes a run's activations. Throws AppError 'not_found' when they are gone. */
export async function collectedEntry({ artifacts }: Pick<WorkerServices, 'artifacts'>, run: RunFacts): Promise<CoderEntry> {
  const key = requireFact(run, 'activationKey');
  const entry = await readCoderEntry(artifacts, key);
  if (entry === null) throw new AppError('not_found', `The activations of run ${run.id} are gone: there is no ${coderFileKey(key)}. Start the run again.`);
  return entry;
}

/** Works on what a run collected, and closes it. Throws AppError 'not_found' or 'corrupt_file' naming what is not as it was. */
export async function withCollected<T>(services: Pick<WorkerServices, 'artifacts'>, run: RunFacts, work: (collected: Collected) => Promise<T>): Promise<T> {
  const entry = await collectedEntry(services, run);
  const rows = await openRows(services.artifacts, dataSetKey(requireFact(run, 'dataKey')));
  try {
    const activations = await openCoderFile(services.artifacts, entry.file.path);
    try {
      return await work({ entry, activations, rows });
    } finally {
      await activations.close();
    }
  } finally {
    await rows.close();
  }
}
