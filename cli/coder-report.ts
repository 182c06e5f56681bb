import type { Command } from 'commander';
import { AppError, isAppError } from '#lib/errors/app-error.ts';
import { measureReconstruction } from '#gpu-worker/activations/report/reconstruction.ts';
import { storeStatistics } from '#gpu-worker/activations/statistics/store-statistics.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { logitEffects, type LogitEffects, type TokenEffect } from '#gpu-worker/sparse-coder/logit-effects.ts';
import { writesAt } from '#gpu-worker/sparse-coder/writes-at.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { locateModel } from './locate.ts';
import { MODEL_ARGUMENT } from './model.ts';
import { openCoder } from './open-coder.ts';
import { count, index, nonNegative } from './option-numbers.ts';
import { runtimeOptions } from './runtime-options.ts';
import { warn } from './warn.ts';
import { checkMadeOf, chooseCoder, STORE_ARGUMENT, withStore } from './with-store.ts';

interface ReportOptions {
  model: string;
  coder: string;
  store: string;
  hookpoint?: string;
  latent: number[];
  rows: number;
  seed: number;
  json: boolean;
}

/** Adds `coder report`. */
export function registerCoderReport(coder: Command, print: (line: string) => void): void {
  coder
    .command('report')
    .description('how much of the model a coder keeps: latents alive, active ones a token, variance unexplained, and what its reconstruction costs in loss')
    .requiredOption('--model <model>', MODEL_ARGUMENT)
    .requiredOption('--coder <coder>', "a coder's folder or hub name")
    .requiredOption('--store <store>', STORE_ARGUMENT)
    .option('--hookpoint <name>', 'where the coder reads; needed when its own files do not say')
    .option('--latent <n>', "this latent's direct effects on the logits too; may be given again", (text: string, so: number[]) => [...so, index(text)], [])
    .option('--rows <n>', 'rows of the store to reconstruct', count, 64)
    .option('--seed <n>', 'of the draw of these rows', nonNegative, 0)
    .option('--json', 'one line of JSON', false)
    .action((options: ReportOptions) => coderReport(options, print));
}

/** Measures a coder on the rows of a store that it was collected into. */
export async function coderReport(options: ReportOptions, print: (line: string) => void): Promise<void> {
  const environment = loadEnvironment(process.env);
  const runtime = runtimeOptions(environment);
  const located = await locateModel(environment, options.model);
  const checkpoint = await openCheckpoint(located.dir);
  const { coder, hookpoint } = await openCoder(environment, options.coder, { checkpoint, hookpoint: options.hookpoint });
  const writeAt = writesAt(coder, hookpoint);
  await withStore(options.store, async (store, artifacts) => {
    const held = store.coders.length === 1 ? 0 : chooseCoder(store, hookpoint);
    const entry = store.manifest.coders[held]!;
    checkMadeOf(entry, { coder: { ...coder, name: options.coder }, model: { ...checkpoint, name: options.model }, hookpoint });
    if (store.rows === null) throw new AppError('bad_request', `${options.store} holds no tokens; nothing can be run on it.`, { field: 'store' });
    const statistics = await storeStatistics(artifacts, store, held);
    await statistics.close();
    const { summary } = statistics;
    const { variance, loss, ...sample } = await measureReconstruction({
      checkpoint,
      coder,
      readAt: hookpoint,
      writeAt,
      rows: store.rows,
      sample: options.rows,
      seed: options.seed,
      ...runtime,
      say: warn,
    });
    const effects: LogitEffects[] = [];
    if (options.latent.length > 0)
      for await (const found of logitEffects({ checkpoint, coder, hookpoint: writeAt, latents: options.latent, ...runtime })) effects.push(found);
    const result = {
      hookpoint,
      reconstructs: writeAt,
      width: coder.width,
      alive: summary.alive,
      alive_fraction: summary.alive_fraction,
      over_1_percent: summary.over_1_percent,
      dense: summary.dense,
      single_token: summary.single_token,
      l0: summary.l0,
      tokens: summary.tokens,
      sample: { rows: sample.rows, tokens: sample.tokens, documents: sample.documents, l0: sample.l0 },
      fraction_of_variance_unexplained: variance.fvu,
      variance_explained: variance.varianceExplained,
      mean_squared_error: variance.mse,
      cosine: variance.cosine,
      loss: {
        predictions: loss.predictions,
        original: loss.original,
        spliced: loss.spliced,
        ablated: loss.ablated,
        increase: loss.increase.estimate,
        increase_interval: loss.increase.interval,
        recovered: loss.recovered,
      },
      ...(effects.length === 0 ? {} : { logit_effects: await withText(located.dir, effects) }),
    };
    if (options.json) print(JSON.stringify(result));
    else for (const [name, value] of Object.entries(result)) print(`${name.replaceAll('_', ' ')}: ${JSON.stringify(value)}`);
  });
}

async function withText(dir: string, effects: readonly LogitEffects[]): Promise<unknown[]> {
  // A checkpoint need not have a tokenizer that is read here: ids say it too.
  const tokenizer = await openTokenizer(dir).catch((error: unknown) => {
    if (isAppError(error) && error.code === 'not_found') return null;
    throw error;
  });
  const list = (tokens: readonly TokenEffect[]): unknown[] =>
    tokens.map(({ token, effect }) => ({ token, ...(tokenizer ? { text: tokenizer.decode([token]) } : {}), effect }));
  return effects.map(({ latent, promoted, suppressed, histogram }) => ({
    latent,
    promoted: list(promoted),
    suppressed: list(suppressed),
    histogram: { from: suppressed[0]?.effect, to: promoted[0]?.effect, counts: Array.from(histogram) },
  }));
}
