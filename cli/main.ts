import { Command } from 'commander';
import { errorMessage, isAppError } from '#lib/errors/app-error.ts';

type Register = (program: Command, print: (line: string) => void) => void;

/** The commands by name, in the order of the help. Each brings half the worker with it: only the one that is asked for is loaded. */
const COMMANDS: readonly (readonly [name: string, load: () => Promise<Register>])[] = [
  ['run', async () => (await import('./run.ts')).registerRun],
  ['cancel', async () => (await import('./cancel.ts')).registerCancel],
  ['report', async () => (await import('./report.ts')).registerReport],
  ['import', async () => (await import('./import-delphi-results.ts')).registerImport],
  ['reindex', async () => (await import('./reindex.ts')).registerReindex],
  ['rerun', async () => (await import('./rerun.ts')).registerRerun],
  ['score', async () => (await import('./score.ts')).registerScore],
  ['precision', async () => (await import('./precision.ts')).registerPrecision],
  ['takedown', async () => (await import('./takedown.ts')).registerTakedown],
  ['admin', async () => (await import('./admin.ts')).registerAdmin],
  ['keys', async () => (await import('./keys.ts')).registerKeys],
  ['bootstrap', async () => (await import('./bootstrap.ts')).registerBootstrap],
  ['model', async () => (await import('./model.ts')).registerModelCommands],
  ['coder', async () => (await import('./coder.ts')).registerCoderCommands],
  ['collect', async () => (await import('./collect.ts')).registerCollect],
  ['store', async () => (await import('./store.ts')).registerStoreCommands],
  ['examples', async () => (await import('./examples.ts')).registerExamples],
  ['stats', async () => (await import('./stats-check.ts')).registerStatsCheck],
  ['doctor', async () => (await import('./doctor.ts')).registerDoctor],
];

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const program = new Command('atlas').description('Latent Atlas: explain, score and serve the latents of language models').showHelpAfterError();
const asked = COMMANDS.filter(([name]) => name === process.argv[2]);
// The help, and what is misspelt, want them all.
for (const [, load] of asked.length > 0 ? asked : COMMANDS) (await load())(program, print);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${isAppError(error) ? error.message : errorMessage(error)}\n`);
  process.exitCode = 1;
}
// Prisma's schema engine leaves a timer of ten seconds behind.
process.stdout.write('', () => process.exit());
