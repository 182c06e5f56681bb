import { Command } from 'commander';
import { errorMessage, isAppError } from '#lib/errors/app-error.ts';
import { registerAdmin } from './admin.ts';
import { registerBootstrap } from './bootstrap.ts';
import { registerCoderCommands } from './coder.ts';
import { registerCollect } from './collect.ts';
import { registerDoctor } from './doctor.ts';
import { registerExamples } from './examples.ts';
import { registerImport } from './import-delphi-results.ts';
import { registerKeys } from './keys.ts';
import { registerModelCommands } from './model.ts';
import { registerCancel } from './cancel.ts';
import { registerPrecision } from './precision.ts';
import { registerReindex } from './reindex.ts';
import { registerReport } from './report.ts';
import { registerRerun } from './rerun.ts';
import { registerRun } from './run.ts';
import { registerScore } from './score.ts';
import { registerStatsCheck } from './stats-check.ts';
import { registerStoreCommands } from './store.ts';
import { registerTakedown } from './takedown.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const program = new Command('atlas').description('Latent Atlas: explain, score and serve the latents of language models').showHelpAfterError();
registerRun(program, print);
registerCancel(program, print);
registerReport(program, print);
registerImport(program, print);
registerReindex(program, print);
registerRerun(program, print);
registerScore(program, print);
registerPrecision(program, print);
registerTakedown(program, print);
registerAdmin(program, print);
registerKeys(program, print);
registerBootstrap(program, print);
registerModelCommands(program, print);
registerCoderCommands(program, print);
registerCollect(program, print);
registerStoreCommands(program, print);
registerExamples(program, print);
registerStatsCheck(program, print);
registerDoctor(program, print);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${isAppError(error) ? error.message : errorMessage(error)}\n`);
  process.exitCode = 1;
}
// Prisma's schema engine leaves a timer of ten seconds behind.
process.stdout.write('', () => process.exit());
