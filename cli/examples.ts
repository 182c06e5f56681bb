import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { drawsSimilar, PROTOCOLS, type Protocol, type ProtocolName } from '#lib/example/protocol.ts';
import { AppError } from '#lib/errors/app-error.ts';
import type { OpenStore } from '#gpu-worker/activations/store/open-store.ts';
import { chooseEmbedder } from '#gpu-worker/embed/choose-embedder.ts';
import { embedWindows } from '#gpu-worker/examples/embed-windows.ts';
import { openSimilarWindows } from '#gpu-worker/examples/similar-windows.ts';
import { tileNear } from '#gpu-worker/examples/windows.ts';
import { openExampleSource, storeExamples, type StoredExamples, type StoredWindow, type StoreExamplesRequest } from '#gpu-worker/examples/store-examples.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { sha256 } from '#platform/artifacts/trailer.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { locateModel } from './locate.ts';
import { count, index } from './option-numbers.ts';
import { warn } from './warn.ts';
import { chooseCoder, HOOKPOINT_OPTION, STORE_ARGUMENT, withStore } from './with-store.ts';

interface ExamplesOptions {
  store: string;
  latent: number;
  protocol: ProtocolName;
  seed: number;
  hookpoint?: string;
  windowLength?: number;
  placement?: Protocol['placement'];
  neighbours?: number[];
  model?: string;
  json: boolean;
}

/** As runs have it. */
const DEFAULT_SEED = 22;

/** Adds `examples`: what a latent is explained from and examined with. */
export function registerExamples(program: Command, print: (line: string) => void): void {
  program
    .command('examples')
    .description('draw the evidence and the exam of a latent from an activation store')
    .requiredOption('--store <store>', STORE_ARGUMENT)
    .requiredOption('--latent <n>', 'the latent', index)
    .addOption(new Option('--protocol <name>', 'how windows are drawn').choices(Object.keys(PROTOCOLS)).default('atlas'))
    .option('--seed <n>', 'of the draws', index, DEFAULT_SEED)
    .option('--hookpoint <name>', HOOKPOINT_OPTION)
    .option('--window-length <n>', "tokens in a window, a divisor of the row's; the protocol's own unless given", count)
    .addOption(
      new Option('--placement <how>', "tiles of a row, or centred on the strongest token; the protocol's own unless given").choices(['tiled', 'centred']),
    )
    .option('--neighbours <n,…>', 'latents near to it, nearest first: where they fire and it is silent is class neighbour', (text) =>
      text.split(',').map(index),
    )
    .option('--model <folder>', 'the model whose tokens the rows hold: windows near in meaning are class similar')
    .option('--json', 'one line of JSON', false)
    .action((options: ExamplesOptions) => examples(options, print));
}

async function examples(options: ExamplesOptions, print: (line: string) => void): Promise<void> {
  await withStore(options.store, async (store, artifacts) => {
    const { latent, seed, neighbours } = options;
    const named: Protocol = PROTOCOLS[options.protocol];
    const protocol: Protocol = { ...named, windowLength: options.windowLength ?? named.windowLength, placement: options.placement ?? named.placement };
    const source = await openExampleSource(store, store.coders[chooseCoder(store, options.hookpoint)]!, protocol);
    const similar = options.model === undefined ? null : await openSimilar(store, artifacts, protocol, options.model);
    try {
      const request: StoreExamplesRequest = { latent, protocol, seed, ...(neighbours ? { neighbours } : {}) };
      // Tiles alone are embedded; a centred window asks by the one it shares most with.
      if (similar) request.findSimilar = (origins) => similar.near(origins.map((origin) => tileNear(source.rows, origin, protocol.windowLength)));
      const drawn = await storeExamples(source, request);
      const lacking = shortfall(drawn, protocol);
      if (lacking !== null) warn(lacking);
      if (options.json) print(JSON.stringify({ latent, seed, ...described(protocol, drawn) }));
      else show(drawn, print);
    } finally {
      await similar?.close();
    }
  });
}

function described({ name, windowLength, placement }: Protocol, drawn: StoredExamples) {
  const { status, trainWindows, testWindows, trainDocuments, testDocuments, negativeCounts, train, test, negatives } = drawn;
  return {
    protocol: name,
    window_length: windowLength,
    placement,
    status,
    train_windows: trainWindows,
    test_windows: testWindows,
    train_documents: trainDocuments,
    test_documents: testDocuments,
    negative_counts: negativeCounts,
    train,
    test,
    negatives,
  };
}

async function openSimilar({ manifest, rows }: OpenStore, artifacts: ArtifactStore, protocol: Protocol, model: string) {
  if (!drawsSimilar(protocol))
    throw new AppError('bad_request', `Protocol ${protocol.name} draws no windows near in meaning; leave --model out.`, { field: 'model' });
  const environment = loadEnvironment(process.env);
  const embedder = await chooseEmbedder(environment, warn);
  try {
    const { dir } = await locateModel(environment, model);
    const tokenizer = await openTokenizer(dir);
    const tokenizerSum = sha256(await readFile(join(dir, 'tokenizer.json')));
    const recorded = manifest.data.made_of.tokenizer;
    if (typeof recorded === 'string' && recorded !== tokenizerSum)
      throw new AppError('bad_request', `${model} has another tokenizer than the one that the store's text was read with.`, { field: 'model' });
    const windows = await embedWindows(artifacts, { rows: rows!, dataKey: manifest.data.key, protocol, tokenizer, tokenizerSum, embedder });
    return await openSimilarWindows(windows, { count: protocol.negatives.similar ?? 0 });
  } finally {
    await embedder.close();
  }
}

/** What the latent lacks by its protocol, as a sentence; null when nothing. */
function shortfall({ status, negatives, negativeCounts, ...counts }: StoredExamples, protocol: Protocol): string | null {
  const { trainWindows, testWindows, trainDocuments, testDocuments } = counts;
  const silent = negativeCounts.random?.drawn ?? negatives.length;
  const tooFewSilent = `Only ${silent} silent windows could be drawn at random: the exam takes ${protocol.minTestWindows} at least.`;
  switch (status) {
    case 'dead':
      return 'The latent never fired on these rows (dead): there are no firing windows.';
    case 'too_few_windows':
      if (trainWindows >= protocol.minTrainWindows && testWindows >= protocol.minTestWindows && silent < protocol.minTestWindows) return tooFewSilent;
      return protocol.sides === 'shared'
        ? `The latent fired in ${trainWindows} windows (too_few_windows): protocol ${protocol.name} takes ${protocol.minWindows} windows and ${protocol.minTokens} firing tokens at least.`
        : `The latent fired in ${trainWindows} windows for evidence and ${testWindows} for its exam (too_few_windows): protocol ${protocol.name} takes ${protocol.minTrainWindows} and ${protocol.minTestWindows} at least.`;
    case 'too_few_documents':
      if (Math.min(trainDocuments, testDocuments) >= protocol.minDocuments)
        return `Of ${trainDocuments} documents for evidence and ${testDocuments} for its exam, the windows drawn are of too few (too_few_documents): protocol ${protocol.name} takes ${protocol.minDocuments} on each side.`;
      return `The latent fired in ${trainDocuments} documents for evidence and ${testDocuments} for its exam (too_few_documents): protocol ${protocol.name} takes ${protocol.minDocuments} on each side.`;
    case 'ready':
      return silent < protocol.minTestWindows ? tooFewSilent : null;
  }
}

function show({ status, train, test, negatives }: StoredExamples, print: (line: string) => void): void {
  print(`${status}: ${train.length} windows of evidence, ${test.length} firing and ${negatives.length} silent windows of the exam`);
  const line = (side: string, { row, start, document, activations, quantile, class: of, copies }: StoredWindow): void =>
    print(
      `${side} row ${row} token ${start} of ${document}: ${of}${quantile === null ? '' : `, tenth ${quantile + 1}, maximum ${Math.max(...activations)}`}${copies > 1 ? `, ${copies} alike` : ''}`,
    );
  for (const window of train) line('train', window);
  for (const window of [...test, ...negatives]) line('test', window);
}
