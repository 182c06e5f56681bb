import type { Command } from 'commander';
import { rerunExplanation, type ExplanationRerun } from '#gpu-worker/stages/rerun-explanation.ts';
import { RERUN_TOLERANCE, rerunScore, scoreReportLines } from '#gpu-worker/stages/rerun-score.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { createWorker } from '#gpu-worker/worker.ts';
import { withInstance } from './open-instance.ts';
import { nonNegative } from './option-numbers.ts';

/** Adds `rerun`: make something again and say whether the same comes out. */
export function registerRerun(program: Command, print: (line: string) => void): void {
  const rerun = program.command('rerun').description('make a result again, past every stored answer, and say whether the same comes out');
  rerun
    .command('explanation')
    .description('make an explanation again from the evidence it was made from; nothing is stored, calls to a language model are paid for')
    .argument('<id>', 'its number, as a latent’s page calls its version')
    .option('--json', 'one line of JSON', false)
    .action((id: string, { json }: { json: boolean }) => rerunOne((services) => rerunExplanation(services, id), reportLines, json, print));
  rerun
    .command('score')
    .description('take a score again from its exam, past every stored answer; nothing is stored, calls to a language model are paid for')
    .argument('<id>', 'its number, as the address of its verdicts and a latent’s JSON have it')
    .option(
      '--tolerance <number>',
      `how far the value may move (default: ${RERUN_TOLERANCE.asked} where a model judges, ${RERUN_TOLERANCE.computed} where it is computed)`,
      nonNegative,
    )
    .option('--json', 'one line of JSON', false)
    .action((id: string, { json, tolerance }: { json: boolean; tolerance?: number }) =>
      rerunOne((services) => rerunScore(services, id, tolerance === undefined ? {} : { tolerance }), scoreReportLines, json, print),
    );
}

async function rerunOne<Result extends { agrees: boolean }>(
  again: (services: WorkerServices) => Promise<Result>,
  linesOf: (result: Result) => string[],
  json: boolean,
  print: (line: string) => void,
): Promise<void> {
  await withInstance(async ({ environment, database, log }) => {
    const worker = createWorker({
      environment,
      database,
      log: log.child({}, { level: 'warn' }),
      workerId: `atlas-rerun-${process.pid}`,
      onStuck: () => undefined,
    });
    try {
      const result = await again(worker.services);
      if (json) print(JSON.stringify(result));
      else for (const line of linesOf(result)) print(line);
      if (!result.agrees) process.exitCode = 1;
    } finally {
      await worker.stop();
    }
  });
}

/** The report for a person; exported for its test. */
export function reportLines(result: ExplanationRerun): string[] {
  const { then, now, sameQuestion, differences, agrees, similarity, calls } = result;
  return [
    `Explanation ${result.id} of latent ${result.latent}, by ${result.method} (${then.explainer}).`,
    `  then: ${then.text}`,
    `  now:  ${now.text ?? `none: ${now.failure ?? 'no reason given'}`}`,
    sameQuestion ? '  The question is the same to the letter.' : `  The question is not the same. ${differences.join(' ')}`,
    ...(calls > 0 ? [`  ${calls} calls, ${result.tokensIn ?? '?'} tokens in, ${result.tokensOut ?? '?'} out.`] : []),
    agrees
      ? 'They agree to the letter.'
      : now.text === null
        ? 'There is nothing to compare: it could not be made again.'
        : `They do not agree${similarity === null ? '' : `; their sentence vectors have a cosine of ${similarity.toFixed(2)}`}.${sameQuestion ? ' The model does not answer alike twice.' : ''}`,
  ];
}
