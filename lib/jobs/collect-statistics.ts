import { z } from 'zod';
import { defineJob } from './job.ts';

/** Count what every latent of the coder does on the run's text. */
export const collectStatistics = defineJob({
  name: 'collect.statistics',
  stage: 'collect',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string() }),
  // 10⁸ tokens of 131,072 latents are some ten minutes of counting; a dead worker is found by its lease.
  expireSeconds: 7200,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
