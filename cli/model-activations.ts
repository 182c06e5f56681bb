import { AppError } from '#lib/errors/app-error.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { readTokenRows } from '#gpu-worker/model/token-rows.ts';
import { writeActivations } from '#gpu-worker/model/write-activations.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { locateModel } from './locate.ts';
import { runtimeOptions } from './runtime-options.ts';
import { warn } from './warn.ts';

export interface ActivationsOptions {
  model: string;
  tokens: string;
  hookpoints: string;
  out: string;
}

/** Runs a model over rows of tokens and writes what it holds at the hookpoints. */
export async function modelActivations(options: ActivationsOptions): Promise<void> {
  const environment = loadEnvironment(process.env);
  const hookpoints = options.hookpoints
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (hookpoints.length === 0)
    throw new AppError('bad_request', 'Which hookpoints? Name them with commas between, e.g. --hookpoints layers.0,layers.1.mlp.', { field: 'hookpoints' });
  const tokens = await readTokenRows(options.tokens);
  const model = await locateModel(environment, options.model);
  const checkpoint = await openCheckpoint(model.dir);
  await writeActivations({
    checkpoint,
    tokens,
    hookpoints,
    out: options.out,
    metadata: { model: options.model, model_revision: checkpoint.revision, ...(model.commit === null ? {} : { model_commit: model.commit }) },
    ...runtimeOptions(environment),
    say: warn,
  });
}
