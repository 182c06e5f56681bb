import { z } from 'zod';
import { defineJob } from './job.ts';

/** Score explanations that were entered or imported on the sealed reserve, by the scorers that cost nothing. */
export const scoreEntered = defineJob({
  name: 'score.entered',
  stage: 'score',
  // The embedder lives there.
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string(), explanations: z.array(z.string()).min(1) }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
  afterRun: true,
});
