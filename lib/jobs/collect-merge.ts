import { z } from 'zod';
import { defineJob } from './job.ts';

/** Merge the shards into the activation store, by latent. */
export const collectMerge = defineJob({
  name: 'collect.merge',
  stage: 'collect',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string() }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
