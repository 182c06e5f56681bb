import { z } from 'zod';
import { defineJob } from './job.ts';

/** A language model's explanation for a batch of latents. */
export const explainLlm = defineJob({
  name: 'explain.llm',
  stage: 'explain',
  queue: 'llm',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 3600,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
