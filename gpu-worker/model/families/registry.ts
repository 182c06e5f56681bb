import { AppError } from '#lib/errors/app-error.ts';
import type { Family } from './family.ts';
import { llama } from './llama.ts';

/** Every supported family. A new one is a file beside this and a line here. */
export const FAMILIES: readonly Family[] = [llama];

/** The family of a `model_type`. Throws AppError 'unsupported' with the list of what is supported. */
export function familyOf(modelType: string, where: string): Family {
  const family = FAMILIES.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  throw new AppError('unsupported', `${where}: model_type ${modelType} is not supported; supported are ${FAMILIES.map((f) => f.modelType).join(', ')}.`, { field: 'model_type' });
}
