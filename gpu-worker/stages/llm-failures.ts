/** A latent that a language-model stage has nothing for, and why. */
export interface LlmFailure {
  latent: number;
  /** `bad_answer`: answers that could not be used; `upstream`: no answer; `budget_spent`: the run may not spend what the call can cost; `no_windows`: nothing to ask about. */
  cause: 'bad_answer' | 'upstream' | 'budget_spent' | 'no_windows';
  message: string;
}

/** A run event's summary of a batch's failures: how many by cause, which latents, and one message each cause. */
export function countCauses(failures: readonly LlmFailure[]): {
  failed: number;
  causes: Record<string, { count: number; latents: number[]; example: string }>;
} {
  const causes: Record<string, { count: number; latents: number[]; example: string }> = {};
  for (const { latent, cause, message } of failures) {
    const entry = (causes[cause] ??= { count: 0, latents: [], example: message });
    entry.count += 1;
    entry.latents.push(latent);
  }
  return { failed: failures.length, causes };
}
