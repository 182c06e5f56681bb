import { AppError } from '#lib/errors/app-error.ts';
import type { Family } from './family.ts';
import { gemma } from './gemma.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3Text } from './gemma3-text.ts';
import { gpt2 } from './gpt2.ts';
import { gptNeo } from './gpt-neo.ts';
import { gptNeox } from './gpt-neox.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { qwen2, qwen3 } from './qwen.ts';

/** Every supported family. A new one is a file beside this and a line here. */
export const FAMILIES: readonly Family[] = [gpt2, gptNeox, gptNeo, llama, mistral, qwen2, qwen3, gemma, gemma2, gemma3Text];

/** The family of a `model_type`. Throws AppError 'unsupported' with the list of what is supported. */
export function familyOf(modelType: string, where: string): Family {
  const family = FAMILIES.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  throw new AppError('unsupported', `${where}: model_type ${modelType} is not supported; supported are ${FAMILIES.map((f) => f.modelType).join(', ')}.`, {
    field: 'model_type',
  });
}
