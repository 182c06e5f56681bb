import { z } from 'zod';
import { defineJob } from './job.ts';

/** Statistics, evidence and exam of a batch of latents. */
export const sampleLatents = defineJob({
  name: 'sample.latents',
  stage: 'sample',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
