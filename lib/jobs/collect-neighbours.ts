import { z } from 'zod';
import { defineJob } from './job.ts';

/** Find the latents nearest to every latent of the coder, by shared tokens and by its weights. */
export const collectNeighbours = defineJob({
  name: 'collect.neighbours',
  stage: 'collect',
  queue: 'gpu',
  payload: z.strictObject({ runId: z.string() }),
  // The cosines of 10⁶ latents are hours on a processor; a dead worker is found by its lease.
  expireSeconds: 14_400,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
