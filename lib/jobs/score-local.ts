import { z } from 'zod';
import { defineJob } from './job.ts';

/** The scores that need no language model, embedding and rule, for a batch of latents. */
export const scoreLocal = defineJob({
  name: 'score.local',
  stage: 'score',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
