import { basename } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import { collectStore, type CollectRequest } from '#gpu-worker/activations/collect/collect-store.ts';
import { textRowsParts, writeTextRows } from '#gpu-worker/activations/collect/text-rows.ts';
import { tokenFileParts, writeTokenFileRows } from '#gpu-worker/activations/collect/token-file-rows.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { openTextSource } from '#gpu-worker/text/text-source.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { loadEnvironment, type Environment } from '#platform/environment/environment.ts';
import { locateModel, locateText } from './locate.ts';
import { openCoder } from './open-coder.ts';
import { openStorage } from './open-storage.ts';
import { count, nonNegative } from './option-numbers.ts';
import { MODEL_ARGUMENT } from './model.ts';
import { runtimeOptions } from './runtime-options.ts';
import { warn } from './warn.ts';

interface CollectOptions {
  model: string;
  coder: string;
  hookpoint?: string;
  tokens?: string;
  text?: string;
  maxTokens: number;
  seed: number;
  store: string;
  json: boolean;
}

/** Adds `collect`. */
export function registerCollect(program: Command, print: (line: string) => void): void {
  program
    .command('collect')
    .description('run sparse coders over text and store what is active, by latent; killed and called again, it goes on')
    .requiredOption('--model <model>', MODEL_ARGUMENT)
    .requiredOption('--coder <coders>', 'folders or hub names of coders, with commas between; all are run in one pass')
    .option('--hookpoint <names>', 'where they read: one for all, or one a coder; needed where their own files do not say')
    .option('--tokens <file>', 'JSON: {"input_ids": [[…], …]}, rows of equal length, each a document of its own')
    .option(
      '--text <source>',
      'in place of --tokens: npm:<package>, hf:org/name[@revision][:path], or a file or folder (.txt, .jsonl, .parquet, .gz, .zst), with ?column=… and ?split=… behind it',
    )
    .option('--max-tokens <n>', 'of --text, as many tokens as make whole rows', count, 10_000_000)
    .option('--seed <n>', 'of the order in which documents of --text are taken', nonNegative, 0)
    .requiredOption('--store <place>', 'where the store is made: a folder, or s3://bucket/prefix')
    .option('--json', 'one line of JSON at the end', false)
    .action((options: CollectOptions) => collect(options, print));
}

async function collect(options: CollectOptions, print: (line: string) => void): Promise<void> {
  const environment = loadEnvironment(process.env);
  const began = performance.now();
  const artifacts = openStorage(environment, options.store);
  const located = await locateModel(environment, options.model);
  const checkpoint = await openCheckpoint(located.dir);
  const coders = await openCoders(environment, options, checkpoint);
  const data = await openData(environment, options, checkpoint, artifacts);
  const opening = (performance.now() - began) / 1000;
  const { threads, device } = runtimeOptions(environment);
  const { manifest, tokens, ran, seconds, loadSeconds } = await collectStore({
    artifacts,
    checkpoint,
    coders,
    data,
    threads,
    device,
    say: warn,
    ...(options.json ? {} : { progress: showProgress() }),
  });
  const result = {
    tokens,
    seconds: rounded(seconds),
    // Of what was run here: another process, or one before that was killed, may have done the rest.
    tokens_per_second: ran === 0 ? 0 : Math.round(ran / seconds),
    peak_rss_mb: rounded(process.resourceUsage().maxRSS / 1024),
    pairs: manifest.coders.reduce((sum, { pairs }) => sum + pairs, 0),
    activation_sum: manifest.coders.reduce((sum, coder) => sum + coder.activation_sum, 0),
    load_seconds: rounded(opening + loadSeconds),
    tokens_run: ran,
    tokens_stored: manifest.data.tokens,
    rows: manifest.data.rows,
    coders: manifest.coders.length,
    key: manifest.key,
  };
  if (options.json) print(JSON.stringify(result));
  else {
    print(`${result.pairs} activations of ${tokens} tokens in ${options.store}`);
    print(`${result.seconds} s (${result.tokens_per_second} tokens a second), ${result.load_seconds} s to load, ${result.peak_rss_mb} MB at most`);
  }
}

async function openCoders(environment: Environment, options: CollectOptions, checkpoint: Checkpoint): Promise<CollectRequest['coders']> {
  const [names, hookpoints] = [list(options.coder), options.hookpoint === undefined ? [] : list(options.hookpoint)];
  if (names.length === 0) throw new AppError('bad_request', 'Which coders? Name them with commas between.', { field: 'coder' });
  const length = Math.max(names.length, hookpoints.length);
  for (const [field, given] of [['coder', names], ['hookpoint', hookpoints]] as const) {
    if (given.length > 1 && given.length !== length)
      throw new AppError('bad_request', `${names.length} coders and ${hookpoints.length} hookpoints do not pair up: give one for all, or one each.`, { field });
  } // prettier-ignore
  const coders: { coder: CollectRequest['coders'][number]['coder']; hookpoint: string; name: string }[] = [];
  for (let i = 0; i < length; i++) {
    const name = names[names.length === 1 ? 0 : i]!;
    const { coder, hookpoint } = await openCoder(environment, name, { checkpoint, hookpoint: hookpoints[hookpoints.length === 1 ? 0 : i] });
    coders.push({ coder, hookpoint, name: basename(name) });
  }
  return coders;
}

async function openData(environment: Environment, options: CollectOptions, checkpoint: Checkpoint, artifacts: ArtifactStore): Promise<CollectRequest['data']> {
  const { tokens: file, text, seed, maxTokens: tokens } = options;
  if ((file === undefined) === (text === undefined))
    throw new AppError('bad_request', 'What is to be read? Give --tokens or --text, one of them.', { field: 'tokens' });
  const bos = checkpoint.bosTokenId;
  if (file !== undefined) {
    return { name: basename(file), parts: await tokenFileParts(file, bos), write: (key) => writeTokenFileRows(artifacts, key, file, bos) };
  }
  if (bos === null) throw new AppError('unsupported', `${checkpoint.name} states no bos_token_id; every row of text must begin with one.`, { field: 'model' });
  const request = { checkpoint, bos, source: await openTextSource(await locateText(environment, text!)), seed, tokens };
  return { name: text!, parts: await textRowsParts(request), write: (key) => writeTextRows(artifacts, key, request, async () => undefined) };
}

const list = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** At most a line a second, for a terminal only. */
function showProgress(): (tokens: number, of: number) => void {
  let shown = 0;
  return (tokens, of) => {
    if (!process.stderr.isTTY || performance.now() - shown < 1000) return;
    shown = performance.now();
    warn(`${tokens} of ${of} tokens`);
  };
}
