import type { Command } from 'commander';
import { formatScore } from '#lib/format/number.ts';
import type { Share } from '#lib/stats/precision-at-rate.ts';
import { measurePrecision, SILENT_WINDOWS, type NaturalPrecision } from '#gpu-worker/stages/measure-precision.ts';
import { createWorker } from '#gpu-worker/worker.ts';
import { withInstance } from './open-instance.ts';
import { count } from './option-numbers.ts';

/** Adds `precision`: how detection does at the rate at which latents really fire. */
export function registerPrecision(program: Command, print: (line: string) => void): void {
  program
    .command('precision')
    .description(
      `for a random sample of a run's latents: detection among ${SILENT_WINDOWS} random silent windows, and its precision at the rate at which they fire`,
    )
    .argument('<run>', 'its number')
    .option('--latents <n>', 'how many, each with each of its explanations', count, 20)
    .option('--json', 'one line of JSON', false)
    .action(async (run: string, { latents, json }: { latents: number; json: boolean }) => {
      await withInstance(async ({ environment, database, log }) => {
        const worker = createWorker({
          environment,
          database,
          log: log.child({}, { level: 'warn' }),
          workerId: `atlas-precision-${process.pid}`,
          onStuck: () => undefined,
        });
        try {
          const measured = await measurePrecision(worker.services, run, latents);
          if (json) print(JSON.stringify(measured));
          else for (const line of measured.map(precisionLine)) print(line);
        } finally {
          await worker.stop();
        }
      });
    });
}

/** One line for a person. */
export function precisionLine({ latent, method, rate, firing, falseAlarms, precision, nFiring, nSilent, nFailed }: NaturalPrecision): string {
  const text = (share: Share | null): string =>
    share === null ? 'not known' : `${formatScore(share.estimate)} (${formatScore(share.interval.low)} to ${formatScore(share.interval.high)})`;
  return (
    `latent ${latent}, ${method}: fires in ${(100 * rate).toPrecision(2)} % of windows; precision ${text(precision)}; ` +
    `yes to ${text(firing)} of ${nFiring} firing and ${text(falseAlarms)} of ${nSilent} silent windows${nFailed > 0 ? `; ${nFailed} without a verdict` : ''}`
  );
}
