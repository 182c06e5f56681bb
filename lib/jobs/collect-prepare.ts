import { z } from 'zod';
import { defineJob } from './job.ts';

/** Choose, deal and tokenise the documents and pack them into rows: the data set every later job reads. */
export const collectPrepare = defineJob({
  name: 'collect.prepare',
  stage: 'collect',
  queue: 'cpu',
  payload: z.strictObject({ runId: z.string() }),
  expireSeconds: 900,
  retry: { limit: 3, delaySeconds: 1, backoff: true },
});
