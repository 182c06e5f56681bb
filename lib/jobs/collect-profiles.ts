import { z } from 'zod';
import { defineJob } from './job.ts';

/** Write what each of a batch of latents does, with its direct effects on the logits, for the pages and for explainers. */
export const collectProfiles = defineJob({
  name: 'collect.profiles',
  stage: 'collect',
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 1800,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
