import { z } from 'zod';
import { defineJob } from './job.ts';

/** Run the model over rows [first, first + count) and keep every (latent, row, position, value). */
export const collectShard = defineJob({
  name: 'collect.shard',
  stage: 'collect',
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string(), shard: z.number().int(), first: z.number().int(), count: z.number().int() }),
  expireSeconds: 1800,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
