import { z } from 'zod';
import { defineJob } from './job.ts';

/** Headlines and search documents of a batch of latents. */
export const indexLatents = defineJob({
  name: 'index.latents',
  stage: 'index',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
