import { EXPLAINERS, LOCAL_EXPLAINERS } from '#lib/explanation/methods.ts';
import { LLM_SCORERS, READING_SCORERS } from '#lib/score/llm-scorers.ts';
import type { RunConfig } from './schema.ts';

/** Explainers and scorers that ask a language model. */
const NEED_CHAT: readonly string[] = [...EXPLAINERS.filter((name) => !LOCAL_EXPLAINERS.includes(name)), ...LLM_SCORERS];

/**
 * Why an explainer or scorer cannot be chosen here, with what to do about it; null when it can.
 *
 * @param llm the configured language model's name
 * @param read the name of the model that is read and not asked, by default the same
 */
export function whyUnavailable(method: string, llm: string | null, read: string | null = llm): string | null {
  if (READING_SCORERS.some((name) => name === method))
    return read === null
      ? 'no model is configured that says how likely it finds a text: set SURPRISAL_MODEL for the site and the worker, and start them again'
      : null;
  if (!NEED_CHAT.includes(method) || llm !== null) return null;
  return 'no language model is configured: set LLM_BASE_URL and LLM_MODEL for the site and the worker, and start them again';
}

export interface MethodRefusal {
  field: 'explainers' | 'scorers';
  message: string;
}

/**
 * What is wrong with a run's choice of methods where it is to be started, or null. What its schema can judge by itself,
 * such as `rule` without `lexical`, is refused there.
 */
export function refuseMethods(
  { explainers, scorers }: Pick<RunConfig, 'explainers' | 'scorers'>,
  llm: string | null,
  read: string | null = llm,
): MethodRefusal | null {
  if (scorers.length === 0)
    return { field: 'scorers', message: `A run needs at least one scorer: choose one or more of embedding, rule, ${LLM_SCORERS.join(', ')}.` };
  for (const [field, chosen] of [
    ['explainers', explainers],
    ['scorers', scorers],
  ] as const) {
    for (const method of chosen) {
      const reason = whyUnavailable(method, llm, read);
      if (reason !== null) return { field, message: `The ${field.slice(0, -1)} ${method} cannot be used: ${reason}; or leave ${method} out.` };
    }
  }
  return null;
}
