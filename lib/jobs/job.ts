import type { z } from 'zod';
import type { Stage } from '#lib/run/schema.ts';

/** Queues by what a worker must have to serve them. */
export const QUEUES = ['gpu', 'cpu', 'llm'] as const;
export type QueueName = (typeof QUEUES)[number];

/** The contract of one kind of job: a batch of latents or a shard of tokens, never one latent. */
export interface JobContract<Payload extends z.ZodType = z.ZodType> {
  name: string;
  stage: Stage;
  queue: QueueName;
  payload: Payload;
  /** Longest a delivery may take before the queue gives it to somebody else, lease or not. */
  expireSeconds: number;
  retry: { limit: number; delaySeconds: number; backoff: boolean };
  /**
   * Belongs to a run's results and not to the run: is worked on though the run is over, and neither moves it on, nor ends it
   * by failing, nor ends with it.
   */
  afterRun?: true;
}

export function defineJob<Payload extends z.ZodType>(contract: JobContract<Payload>): JobContract<Payload> {
  return contract;
}

/** A worker renews its lease this often … */
export const LEASE_RENEW_SECONDS = 5;
/** … and loses the task when it has not for this long: four missed renewals, so that a busy event loop is not taken for a dead process. */
export const LEASE_SECONDS = 20;
