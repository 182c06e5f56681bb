import { z } from 'zod';
import { defineJob } from './job.ts';

/** Detection scores of a batch of latents, judged by a language model. */
export const scoreDetection = defineJob({
  name: 'score.detection',
  stage: 'score',
  queue: 'llm',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  // A small model on a laptop's processor takes 15 s a prompt, and a batch holds 16 latents of 20 prompts; a dead worker is
  // found by its lease, long before this.
  expireSeconds: 14_400,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
