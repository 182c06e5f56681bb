import { join } from 'node:path';
import { AppError } from '#lib/errors/app-error.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { resolveHookpoint } from '#gpu-worker/model/hookpoints.ts';
import { isBaseline, openBaseline } from '#gpu-worker/sparse-coder/baseline.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import type { Environment } from '#platform/environment/environment.ts';
import { locateCoder } from './locate.ts';

/** Every run of a baseline is the same one; which one says nothing. */
const BASELINE_SEED = 0;

export interface OpenCoder {
  coder: SparseCoder;
  /** Where it reads. */
  hookpoint: string;
  /** The hub's commit, when it comes from there. */
  commit: string | null;
}

/**
 * Opens a coder that a user named, a folder's, the hub's or a baseline, for a model: at the hookpoint given, else where
 * its own files say. Throws AppError 'bad_request' when neither says, and what opening it throws.
 */
export async function openCoder(
  environment: Environment,
  name: string,
  { checkpoint, hookpoint }: { checkpoint: Checkpoint; hookpoint: string | undefined },
): Promise<OpenCoder> {
  if (isBaseline(name)) {
    if (hookpoint === undefined) throw needsHookpoint(name);
    const { width } = resolveHookpoint(checkpoint.spec, hookpoint);
    return { coder: await openUntrained(environment, name, hookpoint, width), hookpoint, commit: null };
  }
  const { dir, commit } = await locateCoder(environment, name);
  const coder = await openSparseCoder(dir);
  const readAt = hookpoint ?? coder.inputHookpoints[0];
  if (readAt === undefined) throw needsHookpoint(name);
  return { coder, hookpoint: readAt, commit };
}

/** The same for vectors of a width, without a model. */
export async function openCoderAlone(
  environment: Environment,
  name: string,
  { width, hookpoint }: { width: number; hookpoint: string | undefined },
): Promise<Omit<OpenCoder, 'hookpoint'>> {
  if (isBaseline(name)) return { coder: await openUntrained(environment, name, hookpoint ?? 'hidden', width), commit: null };
  const { dir, commit } = await locateCoder(environment, name);
  return { coder: await openSparseCoder(dir), commit };
}

function openUntrained(environment: Environment, name: string, hookpoint: string, dIn: number): Promise<SparseCoder> {
  return openBaseline(name, { hookpoint, dIn, workDir: join(environment.dataDir, 'baselines'), seed: BASELINE_SEED });
}

function needsHookpoint(name: string): AppError {
  return new AppError('bad_request', `${name} does not say where it reads; say it with --hookpoint, e.g. --hookpoint layers.3.`, { field: 'hookpoint' });
}
