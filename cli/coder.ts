import type { Command } from 'commander';
import { coderEncode, type EncodeOptions } from './coder-encode.ts';
import { registerCoderReport } from './coder-report.ts';
import { MODEL_ARGUMENT } from './model.ts';

/** Adds `coder encode` and `coder report`. */
export function registerCoderCommands(program: Command, print: (line: string) => void): void {
  const coder = program.command('coder').description('run a sparse coder');
  coder
    .command('encode')
    .description('write the active latents to a safetensors file: row, position, latent (u32) and value (f32), sorted')
    .requiredOption('--coder <coder>', "a coder's folder, org/name[@revision][:subfolder] on the hub, neurons:k, neurons:k:rotated or random:width:k")
    .option('--model <model>', MODEL_ARGUMENT)
    .option('--tokens <file>', 'JSON: {"input_ids": [[…], …]}, rows of equal length')
    .option('--hidden <file>', 'in place of --model and --tokens: a safetensors file whose tensor hidden [rows, length, width] is encoded')
    .option('--hookpoint <name>', 'where the coder reads; needed when its own files do not say')
    .option('--decoded', 'add the reconstruction as decoded [rows, length, width]', false)
    .requiredOption('--out <file>', 'the safetensors file to write')
    .action((options: EncodeOptions) => coderEncode(options));
  registerCoderReport(coder, print);
}
