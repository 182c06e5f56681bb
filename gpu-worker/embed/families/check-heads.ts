import { AppError } from '#lib/errors/app-error.ts';

/** Throws AppError 'invalid_config' unless the hidden size splits into heads. */
export function checkHeads(hiddenSize: number, heads: number, where: string): void {
  if (hiddenSize % heads !== 0)
    throw new AppError('invalid_config', `${where}: a hidden size of ${hiddenSize} does not split into ${heads} heads.`, { field: 'num_attention_heads' });
}
