import { z } from 'zod';
import { defineJob } from './job.ts';

/** Measure on some rows how well the coder's output stands in for what it reads. */
export const collectReconstruction = defineJob({
  name: 'collect.reconstruction',
  stage: 'collect',
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string() }),
  expireSeconds: 3600,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
