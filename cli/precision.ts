import { Option, type Command } from 'commander';
import { formatScore, formatShare } from '#lib/format/number.ts';
import { PRECISION_LATENTS, PRECISION_SCORERS, SILENT_WINDOWS, type PrecisionFigures, type PrecisionScorer } from '#lib/score/precision.ts';
import { measurePrecision } from '#gpu-worker/stages/measure-precision.ts';
import { createWorker } from '#gpu-worker/worker.ts';
import { withInstance } from './open-instance.ts';
import { count } from './option-numbers.ts';

interface PrecisionOptions {
  latents: number;
  scorer?: PrecisionScorer;
  json: boolean;
}

/** Adds `precision`: how explanations do at the rate at which latents really fire. */
export function registerPrecision(program: Command, print: (line: string) => void): void {
  program
    .command('precision')
    .description(
      `for a random sample of a run's latents: verdicts on ${SILENT_WINDOWS} random silent windows, and the precision at the rate at which they fire; kept, and shown on their pages`,
    )
    .argument('<run>', 'its number')
    .option('--latents <n>', 'how many, each with each of its explanations', count, PRECISION_LATENTS)
    .addOption(
      new Option('--scorer <name>', 'whose verdicts; by default detection where a language model is configured, else the embedding').choices(PRECISION_SCORERS),
    )
    .option('--json', 'one line of JSON', false)
    .action(async (run: string, { latents, scorer, json }: PrecisionOptions) => {
      await withInstance(async ({ environment, database, log }) => {
        const worker = createWorker({
          environment,
          database,
          log: log.child({}, { level: 'warn' }),
          workerId: `atlas-precision-${process.pid}`,
          onStuck: () => undefined,
        });
        try {
          const measured = await measurePrecision(worker.services, run, latents, [scorer ?? (worker.services.chat === null ? 'embedding' : 'detection')]);
          const shown = measured.map(({ latent, explanationId, method, scorer: by, figures }) => ({
            latent,
            explanation: String(explanationId),
            method,
            scorer: by,
            ...figures,
          }));
          if (json) print(JSON.stringify(shown));
          else for (const one of shown) print(precisionLine(one));
        } finally {
          await worker.stop();
        }
      });
    });
}

type Shown = PrecisionFigures & { latent: number; method: string; scorer: PrecisionScorer };

/** One line for a person. */
export function precisionLine({ latent, method, scorer, rate, firing, falseAlarms, precision, nFiring, nSilent, nFailed }: Shown): string {
  const text = (share: PrecisionFigures['precision']): string =>
    share === null ? 'not known' : `${formatScore(share.value)} (${formatScore(share.lower)} to ${formatScore(share.upper)})`;
  return (
    `latent ${latent}, ${method}, ${scorer}: fires in ${formatShare(rate)} of windows; precision ${text(precision)}; ` +
    `yes to ${text(firing)} of ${nFiring} firing and ${text(falseAlarms)} of ${nSilent} silent windows${nFailed > 0 ? `; ${nFailed} without a verdict` : ''}`
  );
}
