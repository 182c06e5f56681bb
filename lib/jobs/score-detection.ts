import { z } from 'zod';
import { defineJob } from './job.ts';

/** Detection scores of a batch of latents, judged by a language model. */
export const scoreDetection = defineJob({
  name: 'score.detection',
  stage: 'score',
  queue: 'llm',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 1800,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
