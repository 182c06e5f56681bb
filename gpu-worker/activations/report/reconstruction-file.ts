import { z } from 'zod';
import { AppError, isAppError, type ErrorCode } from '#lib/errors/app-error.ts';
import { reconstructionSchema, type ReconstructionView } from '#lib/coder/profile.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { measureReconstruction, type Reconstruction, type ReconstructionRequest } from './reconstruction.ts';

/** Rows that a run reconstructs: 8,000 tokens place the loss within some hundredths of a nat, in seconds on two cores. */
export const RECONSTRUCTION_ROWS = 32;

const fileSchema = z.union([z.object({ measured: reconstructionSchema }), z.object({ missing: z.string() })]);
/** What was measured, or why nothing could be. */
export type ReconstructionFile = z.infer<typeof fileSchema>;

/** Reasons that lie in the model, the coder or the text: another attempt would find the same … */
const NOT_MEASURABLE: readonly ErrorCode[] = ['bad_request', 'unsupported', 'shape_mismatch'];
/** … and one that lies in the machine. */
const NOT_HERE: ErrorCode = 'out_of_memory';

/** Where it lies. `activations` stands for model, coder, hookpoint and rows. */
export function reconstructionKey(o: { activations: string; writeAt: string; rows: number; seed: number }): string {
  return `activations/${o.activations}/reconstruction-${contentKey({ version: ALGORITHM_VERSIONS.reconstruction, ...o })}.json`;
}

/**
 * What stands under the key, or is measured now and written there. Where a model, a coder or rows do not allow it, the
 * reason is what is written, and where this machine's memory does not suffice the reason alone is given: a run does not
 * fail for it. Throws what else goes wrong.
 */
export async function storedReconstruction(store: ArtifactStore, key: string, request: () => Promise<ReconstructionRequest>): Promise<ReconstructionFile> {
  if (await store.has(key)) return readReconstruction(store, key);
  let file: ReconstructionFile;
  try {
    file = { measured: toView(await measureReconstruction(await request())) };
  } catch (error) {
    if (!isAppError(error)) throw error;
    if (error.code === NOT_HERE) return { missing: error.message };
    if (!NOT_MEASURABLE.includes(error.code)) throw error;
    file = { missing: error.message };
  }
  await store.write(key, Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
  return file;
}

async function readReconstruction(store: ArtifactStore, key: string): Promise<ReconstructionFile> {
  const bytes = await store.read(key);
  try {
    return fileSchema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new AppError('corrupt_file', `The artifact ${key} is damaged: it is not what was written. Delete it and run the stage again.`, { cause });
  }
}

function toView({ rows, tokens, documents, variance, loss }: Reconstruction): ReconstructionView {
  const { predictions, original, spliced, ablated, increase, recovered } = loss;
  const [lower, upper] = [increase.interval?.low ?? null, increase.interval?.high ?? null];
  return {
    rows,
    tokens,
    documents,
    varianceUnexplained: variance.fvu,
    loss: { predictions, original, spliced, ablated, increase: increase.estimate, lower, upper, recovered },
  };
}
