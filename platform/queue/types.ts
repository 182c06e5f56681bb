import type { PoolClient } from 'pg';
import type { z } from 'zod';
import type { JOBS, JobName } from '#lib/jobs/registry.ts';

export type JobPayload<Name extends JobName> = z.infer<(typeof JOBS)[Name]['payload']>;

/** A unit of work to queue: a row of run_tasks plus a message in pg-boss, both in the caller's transaction. */
export interface NewTask<Name extends JobName = JobName> {
  runId: bigint;
  job: Name;
  /** Position within (run, job); the unique key that makes queueing idempotent. */
  ordinal: number;
  payload: JobPayload<Name>;
  unit: string;
  amount: number;
}

/** What a handler is given beside its payload. */
export interface TaskContext {
  runId: bigint;
  taskId: bigint;
  fence: number;
  /** Aborted when the lease is lost, the run is cancelled or the process shuts down. Check it between items. */
  signal: AbortSignal;
  /** Report how much of `amount` is done; written with the lease renewals, cheap to call often. */
  progress(done: number): void;
  /**
   * Write the task's results and mark it complete, in one transaction, once. Throws AppError `lease_lost` and writes
   * nothing when another worker has taken the task meanwhile or the run was cancelled.
   */
  commit(write: (client: PoolClient) => Promise<Record<string, unknown>>): Promise<void>;
}

export type TaskHandler<Name extends JobName> = (payload: JobPayload<Name>, context: TaskContext) => Promise<void>;
export type TaskHandlers = { [Name in JobName]: TaskHandler<Name> };

/** A task whose handler neither ended nor heeded its signal. */
export interface StuckTask {
  runId: bigint;
  taskId: bigint;
  job: JobName;
}

/** What the owner of the queue's work is asked at the two turning points of a run. */
export interface QueueHooks {
  /** Called in a task's commit, with the run's row locked: queue what comes next, or finish the run. */
  advance(client: PoolClient, runId: bigint, job: JobName): Promise<void>;
  /** Called in the transaction that has just marked the run failed. */
  onFailed?(client: PoolClient, runId: bigint, failure: { code: string; message: string; stage: string }): Promise<void>;
  /** Called in the transaction that gives up a task which outlives its run (`afterRun`): the run is none the worse for it. */
  onTaskFailed?(client: PoolClient, task: StuckTask, failure: { code: string; message: string }): Promise<void>;
}
