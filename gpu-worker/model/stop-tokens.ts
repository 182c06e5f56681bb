import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Tokenizer } from './tokenizer.ts';

const schema = z.looseObject({ eos_token_id: z.union([z.number().int(), z.array(z.number().int())]).nullish() });

/**
 * The tokens that end an answer: those of `config.json`, of `generation_config.json` (instruct models often name the
 * end of a turn only there) and the tokenizer's own. Throws AppError 'invalid_config' for a file that is not JSON.
 */
export async function stopTokens(checkpoint: Checkpoint, tokenizer: Tokenizer): Promise<number[]> {
  const path = join(checkpoint.dir, 'generation_config.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  const own = tokenizer.eosTokenId === null ? [] : [tokenizer.eosTokenId];
  return [...new Set([...checkpoint.eosTokenIds, ...own, ...(text === null ? [] : statedIn(text, path))])];
}

function statedIn(text: string, path: string): number[] {
  try {
    const stated = schema.parse(JSON.parse(text)).eos_token_id ?? [];
    return typeof stated === 'number' ? [stated] : stated;
  } catch (cause) {
    throw new AppError('invalid_config', `${path} cannot be read: ${errorMessage(cause)}`, { cause });
  }
}
