import { z } from 'zod';
import { LLM_SCORERS } from '#lib/score/llm-scorers.ts';
import { defineJob } from './job.ts';

/** Scores of a batch of latents that a language model gives, by one scorer or several at once. */
export const scoreLlm = defineJob({
  name: 'score.llm',
  stage: 'score',
  queue: 'llm',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1), scorers: z.array(z.enum(LLM_SCORERS)).min(1) }),
  // A small model on a laptop's processor takes 15 s a prompt, and a batch holds 16 latents of some 60 prompts; a dead worker
  // is found by its lease, long before this.
  expireSeconds: 43_200,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
