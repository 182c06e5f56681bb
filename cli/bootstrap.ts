import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { readManifest } from '#gpu-worker/catalogue/manifest.ts';
import { registerBundled } from '#gpu-worker/catalogue/register.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { startRun } from '#server/runs/start.ts';
import { withInstance } from './open-instance.ts';

/** What the bundle holds. */
export const MANIFEST = fileURLToPath(new URL('../models/catalogue.json', import.meta.url));

/** Adds `bootstrap`: what the launcher does once the database is there. */
export function registerBootstrap(program: Command, print: (line: string) => void): void {
  program
    .command('bootstrap')
    .description('enter the bundled models, coders and texts in the catalogue; with --demo, queue the demo run when no run was ever made')
    .option('--demo', 'queue the demo run on an empty catalogue', false)
    .action((options: { demo: boolean }) => bootstrap(options, print));
}

/** Idempotent. */
export async function bootstrap({ demo }: { demo: boolean }, print: (line: string) => void): Promise<void> {
  await withInstance(async ({ environment, database: { pool }, log }) => {
    const manifest = await readManifest(MANIFEST);
    await registerBundled(pool, manifest);
    const runs = await pool.query('SELECT 1 FROM runs LIMIT 1');
    if (!demo || runs.rowCount !== 0) return;
    const queue = createTaskQueue({ pool, log });
    try {
      const run = await startRun({ pool, queue, environment }, manifest.demo, null);
      print(`Queued the demo run ${run.id}: ${run.coder} of ${run.model} on ${run.text}.`);
    } finally {
      await queue.stop();
    }
  });
}
