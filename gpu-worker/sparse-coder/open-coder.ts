import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import type { SparseCoder } from './coder.ts';
import { openSparsify } from './sparsify.ts';

/**
 * Opens a sparse coder's folder, recognising the format by its files. Throws AppError 'not_found' when the folder cannot
 * be read, 'unsupported' when no format is recognised, and what the format's reader throws.
 */
export async function openSparseCoder(folder: string): Promise<SparseCoder> {
  const dir = resolve(folder);
  const names = await readdir(dir).catch((cause: unknown) => {
    throw new AppError('not_found', `${dir} cannot be read: ${errorMessage(cause)}`, { cause });
  });
  if (names.includes('cfg.json') && names.includes('sae.safetensors')) return openSparsify(dir);
  throw new AppError('unsupported', `${dir} holds no sparse coder: cfg.json with sae.safetensors (sparsify) is expected.`);
}
