import { AppError } from '#lib/errors/app-error.ts';

/** What a method cannot do without. Throws AppError `invalid_config` where it is not there. */
export function requireTool<T>(tool: T | null, method: string): T {
  if (tool !== null) return tool;
  throw new AppError('invalid_config', `The explainer ${method} asks a language model and there is none: set LLM_BASE_URL and LLM_MODEL.`, {
    field: 'LLM_BASE_URL',
  });
}
