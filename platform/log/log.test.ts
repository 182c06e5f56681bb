import { expect, test } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { createLog } from './log.ts';

test('one JSON line an event, with time, process, level and the error with its cause', () => {
  const lines: string[] = [];
  const log = createLog({ name: 'worker', level: 'info', destination: { write: (line) => lines.push(line) } });
  log.debug({ event: 'hidden' });
  log.error({ event: 'task_failed', taskId: '7', error: new AppError('corrupt_file', 'cut short', { cause: new Error('end of file') }) });
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0]!);
  expect(line).toMatchObject({
    process: 'worker',
    level: 'error',
    event: 'task_failed',
    taskId: '7',
    error: { code: 'corrupt_file', message: 'cut short', cause: { message: 'end of file' } },
  });
  expect(new Date(line.time).toISOString()).toBe(line.time);
});
