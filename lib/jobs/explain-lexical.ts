import { z } from 'zod';
import { defineJob } from './job.ts';

/** The lexical baseline's explanation and rule for a batch of latents. */
export const explainLexical = defineJob({
  name: 'explain.lexical',
  stage: 'explain',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string(), latents: z.array(z.number().int()).min(1) }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
