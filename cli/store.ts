import type { Command } from 'commander';
import { exportDelphi } from '#gpu-worker/activations/delphi/export-delphi.ts';
import { importDelphi } from '#gpu-worker/activations/delphi/import-delphi.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { openStorage } from './open-storage.ts';
import { count, index } from './option-numbers.ts';
import { registerStoreNeighbours } from './store-neighbours.ts';
import { registerStoreStatistics } from './store-statistics.ts';
import { warn } from './warn.ts';
import { chooseCoder, HOOKPOINT_OPTION, STORE_ARGUMENT, withStore } from './with-store.ts';

interface InspectOptions {
  latent?: number;
  hookpoint?: string;
  json: boolean;
}

/** Adds the commands that look into a store. */
export function registerStoreCommands(program: Command, print: (line: string) => void): void {
  const store = program.command('store').description('look into an activation store');
  store
    .command('inspect')
    .description('what a store is made of, or one latent of it')
    .argument('<store>', STORE_ARGUMENT)
    .option('--latent <n>', 'show its activations', index)
    .option('--hookpoint <name>', HOOKPOINT_OPTION)
    .option('--json', 'one line of JSON', false)
    .action((dir: string, options: InspectOptions) => inspect(dir, options, print));
  store
    .command('verify')
    .description('read all of a store and check every sum')
    .argument('<store>', STORE_ARGUMENT)
    .option('--json', 'one line of JSON', false)
    .action((dir: string, options: { json: boolean }) => verify(dir, options, print));
  store
    .command('import-delphi')
    .description("make a store of a cache of delphi's; one without tokens gives statistics, but no windows")
    .argument('<folder>', 'of a hookpoint, with files like 0_26213.safetensors, or of several such folders')
    .requiredOption('--store <place>', 'where the store is made: a folder, or s3://bucket/prefix')
    .option('--row-length <n>', 'tokens a row, where the cache does not say', count)
    .option('--json', 'one line of JSON', false)
    .action((folder: string, options: { store: string; rowLength?: number; json: boolean }) => importFrom(folder, options, print));
  store
    .command('export-delphi')
    .description("write a store as a cache of delphi's")
    .argument('<store>', STORE_ARGUMENT)
    .requiredOption('--out <folder>', 'a folder a coder is made in it')
    .option('--splits <n>', 'files a coder', count, 5)
    .option('--json', 'one line of JSON', false)
    .action((dir: string, options: { out: string; splits: number; json: boolean }) => exportTo(dir, options, print));
  registerStoreStatistics(store, print);
  registerStoreNeighbours(store, print);
}

async function importFrom(
  folder: string,
  { store, rowLength, json }: { store: string; rowLength?: number; json: boolean },
  print: (line: string) => void,
): Promise<void> {
  const { data, coders, key } = await importDelphi(openStorage(loadEnvironment(process.env), store), folder, rowLength ?? null, warn);
  const pairs = coders.reduce((sum, coder) => sum + coder.pairs, 0);
  if (json)
    print(
      JSON.stringify({
        coders: coders.map(({ hookpoint, width, pairs: own }) => ({ hookpoint, width, pairs: own })),
        pairs,
        rows: data.rows,
        row_length: data.row_length,
        windows: data.file !== null,
        key,
      }),
    );
  else
    print(
      `${pairs} activations of ${coders.length} coders on ${data.rows} rows of ${data.row_length} tokens in ${store}${data.file === null ? '; no tokens, so no windows' : ''}`,
    );
}

async function exportTo(dir: string, { out, splits, json }: { out: string; splits: number; json: boolean }, print: (line: string) => void): Promise<void> {
  await withStore(dir, async (store) => {
    const files = await exportDelphi(store, out, splits);
    if (json) print(JSON.stringify({ files }));
    else for (const file of files) print(file);
  });
}

async function inspect(dir: string, options: InspectOptions, print: (line: string) => void): Promise<void> {
  await withStore(dir, async (store) => {
    if (options.latent !== undefined) {
      const coder = store.coders[chooseCoder(store, options.hookpoint)]!;
      const { place, value } = await coder.latent(options.latent);
      const [row, position] = [Array.from(place, (at) => Math.floor(at / coder.rowLength)), Array.from(place, (at) => at % coder.rowLength)];
      const shown = { count: place.length, max: coder.max[options.latent]!, row, position, value: Array.from(value) };
      if (options.json) print(JSON.stringify(shown));
      else {
        print(`latent ${options.latent}: ${shown.count} activations, at most ${shown.max}`);
        for (let i = 0; i < place.length; i++) print(`row ${row[i]} position ${position[i]}: ${shown.value[i]}`);
      }
      return;
    }
    const { data, coders, key } = store.manifest;
    if (options.json) print(JSON.stringify({ key, data, coders }));
    else {
      print(`${data.rows} rows of ${data.row_length} tokens, ${data.documents} documents, ${data.tokens} tokens stored`);
      for (const [i, { hookpoint, width, alive, pairs, file }] of coders.entries())
        print(`${i}: ${hookpoint || 'unnamed'}: ${alive} of ${width} latents alive, ${pairs} activations, ${file.bytes} bytes`);
    }
  });
}

async function verify(dir: string, { json }: { json: boolean }, print: (line: string) => void): Promise<void> {
  await withStore(dir, async (store) => {
    await store.verify();
    const { coders, data } = store.manifest;
    const bytes = [data, ...coders].reduce((sum, { file }) => sum + (file?.bytes ?? 0), 0);
    const pairs = coders.reduce((sum, coder) => sum + coder.pairs, 0);
    print(
      json ? JSON.stringify({ ok: true, coders: coders.length, pairs, bytes }) : `sound: ${pairs} activations of ${coders.length} coders in ${bytes} bytes`,
    );
  });
}
