import { z } from 'zod';
import { defineJob } from './job.ts';

/** Embed test windows [first, first + count) once, whatever the number of latents that use them. */
export const scoreWindows = defineJob({
  name: 'score.windows',
  stage: 'score',
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string(), shard: z.number().int(), first: z.number().int(), count: z.number().int() }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
