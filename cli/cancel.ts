import type { Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { cancelRun } from '#server/runs/cancel.ts';
import { withInstance } from './open-instance.ts';

/** Adds `cancel <run>`: ends a run that is not over, so that another of its coder can be made. */
export function registerCancel(program: Command, print: (line: string) => void): void {
  program
    .command('cancel')
    .description('end a run that is not over, such as one that was interrupted; what it has done stays')
    .argument('<run>', 'its number')
    .action(async (run: string) => {
      if (!/^\d{1,18}$/.test(run)) throw new AppError('bad_request', `“${run}” is no run’s number: messages and addresses of runs have it.`, { field: 'run' });
      await withInstance(async ({ database: { pool }, log }) => {
        const queue = createTaskQueue({ pool, log: log.child({}, { level: 'warn' }) });
        const { id, model, coder } = await cancelRun({ pool, queue }, run).finally(() => queue.stop());
        print(`Run ${id} of ${coder} of ${model} is cancelled.`);
      });
    });
}
