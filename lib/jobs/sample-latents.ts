import { z } from 'zod';
import { defineJob } from './job.ts';

/** Statistics and examples of latents [first, first + count). */
export const sampleLatents = defineJob({
  name: 'sample.latents',
  stage: 'sample',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string(), first: z.number().int(), count: z.number().int() }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
