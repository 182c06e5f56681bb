import { z } from 'zod';
import { defineJob } from './job.ts';

/** Embed the explanations of a batch of latents, each distinct text once. */
export const scoreTexts = defineJob({
  name: 'score.texts',
  stage: 'score',
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
