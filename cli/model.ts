import { Option, type Command } from 'commander';
import { modelActivations, type ActivationsOptions } from './model-activations.ts';
import { modelGenerate, type GenerateOptions } from './model-generate.ts';
import { modelInspect } from './model-inspect.ts';
import { count, nonNegative, probability } from './option-numbers.ts';

export const MODEL_ARGUMENT = 'a checkpoint folder, or org/name[@revision][:subfolder] on the hub';

/** Adds `model inspect`, `model activations` and `model generate`. */
export function registerModelCommands(program: Command, print: (line: string) => void): void {
  const model = program.command('model').description('look into a checkpoint and run it');
  model
    .command('inspect')
    .description('what a checkpoint is: family, sizes, hookpoints, and what cannot be done with it')
    .argument('<model>', MODEL_ARGUMENT)
    .option('--json', 'as JSON', false)
    .action((name: string, options: { json: boolean }) => modelInspect(name, options, print));
  model
    .command('activations')
    .description('write hidden states to a safetensors file: one f32 tensor [rows, length, width] a hookpoint')
    .requiredOption('--model <model>', MODEL_ARGUMENT)
    .requiredOption('--tokens <file>', 'JSON: {"input_ids": [[…], …]}, rows of equal length')
    .requiredOption('--hookpoints <names>', 'names with commas between them; logits is one')
    .requiredOption('--out <file>', 'the safetensors file to write')
    .action((options: ActivationsOptions) => modelActivations(options));
  model
    .command('generate')
    .description('continue a prompt; the new text alone is printed')
    .requiredOption('--model <model>', MODEL_ARGUMENT)
    .requiredOption('--prompt <text>', 'the text to continue')
    .option('--chat', "the prompt is a user's message, put into the model's own chat template", false)
    .requiredOption('--max-tokens <n>', 'longest continuation, in tokens', count)
    .option('--seed <n>', 'draw tokens, repeatably; without it the likeliest token is taken each time', nonNegative)
    .addOption(new Option('--temperature <t>', 'of the draws (default: 1 with --seed, else 0: no draws)').argParser(nonNegative))
    .option('--top-p <p>', 'draw among the likeliest tokens that hold this much probability', probability, 1)
    .option('--steer <coder:latent:strength>', 'add so much to a latent at every token, e.g. models/presidents-4m-coders/layers.2:17:8')
    .option('--hookpoint <name>', 'where the steering coder reads and writes; needed when its own files do not say')
    .action((options: GenerateOptions) => modelGenerate(options, print));
}
