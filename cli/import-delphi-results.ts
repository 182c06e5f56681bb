import type { Command } from 'commander';
import { importDelphiResults } from '#gpu-worker/catalogue/delphi-results/import-results.ts';
import { createTaskQueue } from '#platform/queue/task-queue.ts';
import { withInstance } from './open-instance.ts';

interface ImportOptions {
  model: string;
  coder: string;
  hookpoint?: string;
  json: boolean;
}

/** Adds `import delphi-results`. */
export function registerImport(program: Command, print: (line: string) => void): void {
  program
    .command('import')
    .description('takes what other programs found into the catalogue')
    .command('delphi-results')
    .description('explanations and scores that delphi wrote: metrics worked out anew per latent, delphi’s pooled ones beside them')
    .argument('<folder>', 'delphi’s results/<name>: explanations/, scores/detection, scores/fuzz, scores/simulation, run_config.json')
    .requiredOption('--model <slug>', 'model of the catalogue')
    .requiredOption('--coder <slug>', 'its sparse coder whose latents these are')
    .option('--hookpoint <module>', 'delphi’s name of the module, where the folder holds several')
    .option('--json', 'one line of JSON', false)
    .action((folder: string, options: ImportOptions) => importResults(folder, options, print));
}

/** Imports a folder and prints what came of it. */
export async function importResults(folder: string, { json, ...place }: ImportOptions, print: (line: string) => void): Promise<void> {
  await withInstance(async ({ database: { pool }, log }) => {
    const queue = createTaskQueue({ pool, log: log.child({}, { level: 'warn' }) });
    const done = await importDelphiResults(pool, { folder, ...place }, queue.enqueue).finally(() => queue.stop());
    if (json) {
      print(JSON.stringify(done));
      return;
    }
    print(
      done.already
        ? `These results were imported before, as run ${done.runId}.`
        : `Run ${done.runId}: ${done.explanations} explanations and ${done.scores} scores imported.`,
    );
    if (done.unparsed > 0) print(`${done.unparsed} explanations that delphi could not parse count as failed.`);
    if (done.unknown > 0) print(`${done.unknown} latents are not in the catalogue and were left out: run the coder first.`);
    for (const { scorer, latents, median, failed, pooled } of done.scorers) {
      const ours = median === null ? 'no value' : `median over ${latents} latents ${median.toFixed(3)}`;
      const theirs = pooled === null ? '' : `; delphi’s pooled balanced accuracy ${pooled.balancedAccuracy.toFixed(3)}, F1 ${pooled.f1.toFixed(3)}`;
      print(`${scorer}: ${ours}, ${failed} windows without a verdict${theirs}`);
    }
    if (!done.already) print('A worker scores the explanations on the sealed reserve, which nobody has seen, when it next runs.');
    print(`See them all: npm run -s atlas -- report ${done.runId}`);
  });
}
