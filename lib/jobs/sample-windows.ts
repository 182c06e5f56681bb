import { z } from 'zod';
import { defineJob } from './job.ts';

/** Embed windows [first, first + count) of those that exams are drawn from: once, whatever the number of latents that use them. */
export const sampleWindows = defineJob({
  name: 'sample.windows',
  stage: 'sample',
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string(), shard: z.number().int(), first: z.number().int(), count: z.number().int() }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
