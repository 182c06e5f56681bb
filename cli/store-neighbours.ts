import { Option, type Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import { coOccurrence, coOccurrenceOf } from '#gpu-worker/activations/neighbours/co-occurrence.ts';
import { correlationOf } from '#gpu-worker/activations/neighbours/correlation.ts';
import { cosineNeighbours } from '#gpu-worker/activations/neighbours/cosine.ts';
import type { Neighbour } from '#gpu-worker/activations/neighbours/nearest-lists.ts';
import { NEIGHBOUR_KINDS, NEIGHBOURS, neighboursKey, openNeighboursFile, writeNeighbours, type NeighbourKind } from '#gpu-worker/activations/neighbours/neighbours-file.ts'; // prettier-ignore
import type { OpenStore } from '#gpu-worker/activations/store/open-store.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { loadEnvironment, type Environment } from '#platform/environment/environment.ts';
import { openCoderAlone } from './open-coder.ts';
import { count, index } from './option-numbers.ts';
import { runtimeOptions } from './runtime-options.ts';
import { checkMadeOf, chooseCoder, HOOKPOINT_OPTION, STORE_ARGUMENT, withStore } from './with-store.ts';

interface NeighboursOptions {
  latent?: number;
  by: NeighbourKind | 'correlation';
  hookpoint?: string;
  coder?: string;
  with?: string;
  top: number;
  json: boolean;
}

/** Adds `store neighbours`. */
export function registerStoreNeighbours(store: Command, print: (line: string) => void): void {
  store
    .command('neighbours')
    .description('the latents nearest to one; without --latent those of all are found and kept beside the store')
    .argument('<store>', STORE_ARGUMENT)
    .option('--latent <n>', 'whose neighbours', index)
    .addOption(
      new Option('--by <kind>', 'tokens shared, cosine of decoder or encoder rows (needs --coder), or correlation with another coder of the store (--with)')
        .choices([...NEIGHBOUR_KINDS, 'correlation'])
        .default('co-occurrence'),
    )
    .option('--hookpoint <name>', HOOKPOINT_OPTION)
    .option('--coder <coder>', "the coder's own folder or hub name, whose weights are compared")
    .option('--with <name>', 'hookpoint or number of the other coder in the store')
    .option('--top <n>', `how many, ${NEIGHBOURS} at most`, count, 10)
    .option('--json', 'one line of JSON', false)
    .action((dir: string, options: NeighboursOptions) => neighbours(dir, options, print));
}

/** Finds and shows neighbours. */
export async function neighbours(dir: string, options: NeighboursOptions, print: (line: string) => void): Promise<void> {
  const environment = loadEnvironment(process.env);
  const { by, latent } = options;
  const top = Math.min(options.top, NEIGHBOURS);
  await withStore(dir, async (store, artifacts) => {
    const number = chooseCoder(store, options.hookpoint);
    if (by === 'correlation') {
      if (latent === undefined || options.with === undefined)
        throw new AppError('bad_request', 'A correlation needs --latent and --with: of which latent, with which coder of the store?', { field: 'with' });
      const [own, other] = [store.coders[number]!, store.coders[chooseCoder(store, options.with)]!];
      show(await correlationOf(own, latent, other, top, store.rows?.tokenCount ?? own.rows * own.rowLength), options, print);
      return;
    }
    const subject = await openSubject(environment, store, number, { ...options, by });
    if (latent !== undefined) {
      show(await nearestTo(subject, artifacts, environment, latent, top), options, print);
      return;
    }
    const began = performance.now();
    const rows = await findAll(subject, artifacts, environment);
    const result = { by, latents: subject.activations.width, rows, file: subject.key, seconds: Math.round(performance.now() - began) / 1000 };
    print(options.json ? JSON.stringify(result) : `neighbours by ${by} of ${result.latents} latents in ${result.file} after ${result.seconds} s`);
  });
}

/** A coder of the store, by what its latents are compared, and where all its neighbours lie or would. */
interface Subject {
  by: NeighbourKind;
  activations: OpenStore['coders'][number];
  /** Null where the weights do not matter. */
  weights: SparseCoder | null;
  key: string;
}

async function openSubject(environment: Environment, store: OpenStore, number: number, options: NeighboursOptions & { by: NeighbourKind }): Promise<Subject> {
  const { by } = options;
  const [entry, activations] = [store.manifest.coders[number]!, store.coders[number]!];
  if (by === 'co-occurrence') return { by, activations, weights: null, key: neighboursKey(entry, by, '') };
  if (options.coder === undefined) throw new AppError('bad_request', `The store does not hold weights; name the coder with --coder.`, { field: 'coder' });
  const { coder } = await openCoderAlone(environment, options.coder, { width: activations.width, hookpoint: entry.hookpoint || undefined });
  checkMadeOf(entry, { coder: { ...coder, name: options.coder } });
  return { by, activations, weights: coder, key: neighboursKey(entry, by, coder.revision) };
}

async function nearestTo(
  { by, activations, weights, key }: Subject,
  artifacts: ArtifactStore,
  environment: Environment,
  latent: number,
  top: number,
): Promise<Neighbour[]> {
  if (await artifacts.has(key)) {
    const file = await openNeighboursFile(artifacts, key);
    try {
      return (await file.latent(latent)).slice(0, top);
    } finally {
      await file.close();
    }
  }
  if (by === 'co-occurrence') return coOccurrenceOf(activations, latent, top);
  return (await cosineNeighbours(weights!, by, top, { first: latent, count: 1, ...runtimeOptions(environment) })).nearest(0);
}

/** Returns the rows that were counted, null where none were. */
async function findAll({ by, activations, weights, key }: Subject, artifacts: ArtifactStore, environment: Environment): Promise<number | null> {
  if (await artifacts.has(key)) {
    const file = await openNeighboursFile(artifacts, key);
    await file.close();
    return file.about.rows;
  }
  if (by === 'co-occurrence') {
    const { lists, rows } = await coOccurrence(activations, NEIGHBOURS);
    await writeNeighbours(artifacts, key, lists, activations.width, { by, rows });
    return rows;
  }
  const lists = await cosineNeighbours(weights!, by, NEIGHBOURS, runtimeOptions(environment));
  await writeNeighbours(artifacts, key, lists, activations.width, { by, rows: null });
  return null;
}

function show(nearest: readonly Neighbour[], { latent, by, json }: NeighboursOptions, print: (line: string) => void): void {
  if (json) print(JSON.stringify({ latent, by, neighbours: nearest.map(({ index: other, score }) => ({ latent: other, similarity: score })) }));
  else for (const { index: other, score } of nearest) print(`${other}: ${score}`);
}
