import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { refuseLinksOut } from '#gpu-worker/model/links.ts';
import type { SparseCoder } from './coder.ts';
import { CODER_FILES_EXPECTED } from './coder-layouts.ts';
import { openGemmaScope } from './gemma-scope.ts';
import { openGemmaScope2 } from './gemma-scope-2.ts';
import { openLlamaScope } from './llama-scope.ts';
import { openSaeLens } from './saelens.ts';
import { openSparsify } from './sparsify.ts';

/**
 * Opens a sparse coder's folder, recognising the format by its files, not by its name. Throws AppError 'not_found' when
 * the folder cannot be read, 'unsupported' when no format is recognised (naming sub-folders that hold coders), and what
 * the format's reader throws.
 */
export async function openSparseCoder(folder: string): Promise<SparseCoder> {
  const dir = resolve(folder);
  const names = await readdir(dir).catch((cause: unknown) => {
    throw new AppError('not_found', `${dir} cannot be read: ${errorMessage(cause)}`, { cause });
  });
  const open = readerFor(names);
  if (open) {
    for (const folder of [dir, join(dir, 'checkpoints')]) await refuseLinksOut(folder);
    return open(dir);
  }
  const inside = await coderFolders(dir);
  const hint = inside.length > 0 ? ` It holds coders in ${inside.slice(0, 8).join(', ')}${inside.length > 8 ? ', …' : ''}: name one of these.` : '';
  const pickle = names.find((name) => /\.(?:pt|pth|bin|pkl)$/.test(name));
  const refusal = pickle && inside.length === 0 ? ` ${pickle} is a Python pickle, which can run code when it is read.` : '';
  throw new AppError('unsupported', `${dir} holds no sparse coder; ${CODER_FILES_EXPECTED} is expected.${hint}${refusal}`);
}

function readerFor(names: readonly string[]): ((dir: string) => Promise<SparseCoder>) | null {
  if (names.includes('cfg.json') && names.includes('sae.safetensors')) return openSparsify;
  if (names.includes('cfg.json') && names.includes('sae_weights.safetensors')) return openSaeLens;
  if (names.includes('params.npz')) return openGemmaScope;
  if (names.includes('params.safetensors')) return (dir) => openGemmaScope2(dir, names.includes('config.json'));
  if (names.includes('hyperparams.json') && names.includes('checkpoints')) return openLlamaScope;
  return null;
}

/** Sub-folders that hold a coder, one level down and (for seeds) two, relative to the folder. */
async function coderFolders(dir: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (at: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(dir, at), { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = at === '' ? entry.name : join(at, entry.name);
      if (readerFor(await readdir(join(dir, path)))) found.push(path);
      else if (depth < 2) await visit(path, depth + 1);
    }
  };
  await visit('', 1);
  return found.sort();
}
