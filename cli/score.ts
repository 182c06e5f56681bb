import type { Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import { LLM_SCORERS } from '#lib/score/llm-scorers.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import { scoreExplanation, type ExplanationScored } from '#gpu-worker/stages/score-explanation.ts';
import { createWorker } from '#gpu-worker/worker.ts';
import { withInstance } from './open-instance.ts';

const CHOICES = ['embedding', ...LLM_SCORERS.filter((name) => name !== 'intruder')] as const;
type Choice = (typeof CHOICES)[number];

/** Adds `score`: scores what somebody entered. */
export function registerScore(program: Command, print: (line: string) => void): void {
  program
    .command('score')
    .description('score an explanation that was entered or imported, or made after the page was public, on the sealed reserve')
    .argument('<explanation>', 'its number, as a latent’s page calls its version')
    .option('--scorers <names>', `some of ${CHOICES.join(', ')}, with commas`, toScorers, ['embedding'] satisfies Choice[])
    .option('--json', 'one line of JSON', false)
    .action(async (id: string, { scorers, json }: { scorers: Choice[]; json: boolean }) => {
      await withInstance(async ({ environment, database, log }) => {
        const worker = createWorker({
          environment,
          database,
          log: log.child({}, { level: 'warn' }),
          workerId: `atlas-score-${process.pid}`,
          onStuck: () => undefined,
        });
        try {
          const result = await scoreExplanation(worker.services, id, scorers);
          if (json) print(JSON.stringify(result, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
          else for (const line of scoredLines(result)) print(line);
        } finally {
          await worker.stop();
        }
      });
    });
}

function toScorers(text: string): Choice[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !CHOICES.some((choice) => choice === name));
  if (wrong !== undefined)
    throw new AppError('bad_request', `There is no scorer “${wrong}” for one explanation: choose some of ${CHOICES.join(', ')}.`, { field: 'scorers' });
  return CHOICES.filter((choice) => names.includes(choice));
}

/** The report for a person. */
export function scoredLines({ id, latent, scores }: ExplanationScored): string[] {
  return [
    `Explanation ${id} of latent ${latent}, on the sealed reserve:`,
    ...scores.map(({ scorer, metric, value, interval, nPositives, nNegatives, nFailed, failure }) => {
      const name = `  ${SCORER_NAMES[scorer].name}: `;
      if (value === null) return `${name}failed. ${failure ?? ''}`;
      const bounds = interval === null ? '' : ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`;
      return `${name}${METRIC_NAMES[metric]} ${value.toFixed(3)}${bounds}, ${nPositives} firing and ${nNegatives} silent windows${nFailed > 0 ? `, ${nFailed} without a verdict` : ''}`;
    }),
  ];
}
