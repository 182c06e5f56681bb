import { AppError } from '#lib/errors/app-error.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { readTokenRows } from '#gpu-worker/model/token-rows.ts';
import { openHidden, writeLatentsOfTokens, writeLatentsOfVectors, type WriteLatentsOptions } from '#gpu-worker/sparse-coder/write-latents.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { loadEnvironment, type Environment } from '#platform/environment/environment.ts';
import { locateModel } from './locate.ts';
import { openCoder, openCoderAlone } from './open-coder.ts';
import { runtimeOptions } from './runtime-options.ts';
import { warn } from './warn.ts';

export interface EncodeOptions {
  coder: string;
  model?: string;
  tokens?: string;
  hidden?: string;
  hookpoint?: string;
  decoded: boolean;
  out: string;
}

/** Writes which latents are active, on a model's rows or on vectors at hand. Throws AppError 'bad_request' for a call that mixes both or names neither. */
export async function coderEncode(options: EncodeOptions): Promise<void> {
  const environment = loadEnvironment(process.env);
  const { model, tokens, hidden } = options;
  if (hidden !== undefined) {
    if (model !== undefined || tokens !== undefined)
      throw new AppError('bad_request', '--hidden stands in place of --model and --tokens; give one or the other.', { field: 'hidden' });
    await encodeVectors(environment, options, hidden);
  } else if (model !== undefined && tokens !== undefined) {
    await encodeTokens(environment, options, model, tokens);
  } else {
    throw new AppError('bad_request', 'What is to be encoded? Give --model and --tokens, or --hidden.', { field: model === undefined ? 'model' : 'tokens' });
  }
}

async function encodeTokens(environment: Environment, options: EncodeOptions, model: string, tokensFile: string): Promise<void> {
  const tokens = await readTokenRows(tokensFile);
  const located = await locateModel(environment, model);
  const checkpoint = await openCheckpoint(located.dir);
  const { coder, hookpoint, commit } = await openCoder(environment, options.coder, { checkpoint, hookpoint: options.hookpoint });
  const metadata = { model, model_revision: checkpoint.revision, ...(located.commit === null ? {} : { model_commit: located.commit }), hookpoint };
  await writeLatentsOfTokens({ ...shared(environment, options, coder, commit, metadata), checkpoint, hookpoint, tokens });
}

async function encodeVectors(environment: Environment, options: EncodeOptions, file: string): Promise<void> {
  const hidden = await openHidden(file);
  const width = hidden.shape[2]!;
  const { coder, commit } = await openCoderAlone(environment, options.coder, { width, hookpoint: options.hookpoint });
  if (coder.dIn !== width)
    throw new AppError('shape_mismatch', `${options.coder} reads vectors of ${coder.dIn}, but those in ${file} have ${width}.`, { field: 'hidden' });
  await writeLatentsOfVectors({
    ...shared(environment, options, coder, commit, options.hookpoint === undefined ? {} : { hookpoint: options.hookpoint }),
    hidden,
  });
}

function shared(
  environment: Environment,
  options: EncodeOptions,
  coder: SparseCoder,
  commit: string | null,
  metadata: Record<string, string>,
): WriteLatentsOptions {
  return {
    coder,
    out: options.out,
    decoded: options.decoded,
    metadata: { ...metadata, coder: options.coder, coder_revision: coder.revision, ...(commit === null ? {} : { coder_commit: commit }) },
    ...runtimeOptions(environment),
    say: warn,
  };
}
