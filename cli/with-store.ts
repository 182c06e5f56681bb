import { AppError } from '#lib/errors/app-error.ts';
import { MANIFEST, type CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import { openStore, type OpenStore } from '#gpu-worker/activations/store/open-store.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { openStorage } from './open-storage.ts';

export const STORE_ARGUMENT = 'folder of the store, or s3://bucket/prefix';
export const HOOKPOINT_OPTION = 'of the coder meant, when the store holds several; its number from 0 does as well';

/** Opens the store that a user named, and closes it again. */
export async function withStore<T>(dir: string, work: (store: OpenStore, artifacts: ArtifactStore) => Promise<T>): Promise<T> {
  const artifacts = openStorage(loadEnvironment(process.env), dir);
  if (!(await artifacts.has(MANIFEST)))
    throw new AppError(
      'not_found',
      `There is no finished activation store in ${dir}: ${MANIFEST} is missing. If that is the right place, collect it, or let the collection go on.`,
      { field: 'store' },
    );
  const store = await openStore(artifacts);
  try {
    return await work(store, artifacts);
  } finally {
    await store.close();
  }
}

/** Throws AppError 'bad_request' when it is not clear which coder is meant. */
export function chooseCoder({ manifest: { coders } }: OpenStore, named: string | undefined): number {
  const which = coders.map(({ hookpoint, made_of: { coder_name: name } }, i) => `${i} (${[hookpoint, name].filter(Boolean).join(', ')})`).join(', ');
  if (named === undefined) {
    if (coders.length === 1) return 0;
    throw new AppError('bad_request', `The store holds ${coders.length} coders; say which with --hookpoint: ${which}.`, { field: 'hookpoint' });
  }
  const found = coders.flatMap(({ hookpoint }, i) => (hookpoint === named || String(i) === named ? [i] : []));
  if (found.length === 1) return found[0]!;
  throw new AppError('bad_request', `${found.length === 0 ? 'No coder' : 'More than one coder'} of the store is ${named}; say which by its number: ${which}.`, {
    field: 'hookpoint',
  });
}

/**
 * Throws AppError 'bad_request' when a coder of a store is not the one, or was not run on the model, that a user named
 * beside it. An import that says nothing of its making is taken by its width.
 */
export function checkMadeOf(
  { width, hookpoint, made_of: madeOf }: CoderEntry,
  named: { coder: { name: string; width: number; revision: string }; model?: { name: string; revision: string }; hookpoint?: string },
): void {
  const { coder, model } = named;
  const other = (recorded: unknown, revision: string): boolean => typeof recorded === 'string' && recorded !== revision;
  if (coder.width !== width || other(madeOf['coder'], coder.revision))
    throw new AppError('bad_request', `${coder.name} is not the coder that the store was collected with.`, { field: 'coder' });
  if (model && other(madeOf['model'], model.revision))
    throw new AppError('bad_request', `${model.name} is not the model that the store was collected with.`, { field: 'model' });
  if (named.hookpoint !== undefined && hookpoint !== '' && hookpoint !== named.hookpoint)
    throw new AppError('bad_request', `The store was collected at ${hookpoint}, not at ${named.hookpoint}.`, { field: 'hookpoint' });
}
