import pg from 'pg';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { handlersOf, silent } from './fixtures.ts';

// A worker process for tests to kill: takes one task, says so, and never ends. Arguments: database URL, worker id.
const [url, workerId] = process.argv.slice(2);
const queue = createTaskQueue({ pool: new pg.Pool({ connectionString: url }), log: silent, workerId: workerId! });
const hang = handlersOf({
  'index.latents': (_, context) => {
    process.stdout.write(`taken ${context.taskId}\n`);
    return new Promise(() => undefined);
  },
});
await queue.work('cpu', { concurrency: 1 }, hang, { advance: async () => undefined });
