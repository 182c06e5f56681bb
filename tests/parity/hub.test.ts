import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locateCoder, locateModel, locateText } from '#gpu-worker/hub/locate.ts';
import type { SnapshotOptions } from '#gpu-worker/hub/snapshot.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { startHubDouble, type DoubleFile, type DoubleRepository, type HubDouble } from '#tests/doubles/hub.ts';
import { openTextSource } from '#gpu-worker/text/text-source.ts';
import { GOLDEN } from './golden.ts';

const COMMIT = 'a'.repeat(40);
const OLD = 'b'.repeat(40);
const LLAMA = join(GOLDEN, 'models', 'llama');

let work: string;
let hub: HubDouble | undefined;
let said: string[];
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'hub-'));
  said = [];
});
afterEach(async () => {
  await hub?.close();
  hub = undefined;
  await rm(work, { recursive: true });
});

async function serve(repositories: Record<string, DoubleRepository>): Promise<SnapshotOptions> {
  hub = await startHubDouble(repositories);
  return { endpoint: hub.endpoint, token: null, cacheDir: join(work, 'hub'), say: (sentence) => said.push(sentence) };
}

/** The files below a folder as a repository holds them; weights and archives go to the storage. */
async function filesOf(dir: string, prefix = ''): Promise<Record<string, DoubleFile>> {
  const files: Record<string, DoubleFile> = {};
  for (const path of await readdir(dir, { recursive: true })) {
    if ((await stat(join(dir, path))).isFile()) files[prefix + path] = { bytes: await readFile(join(dir, path)), lfs: /\.(?:safetensors|npz|bin)$/.test(path) };
  }
  return files;
}

const repository = (files: Record<string, DoubleFile>, more: Partial<DoubleRepository> = {}): DoubleRepository => ({
  revisions: { main: COMMIT, v1: OLD, 'refs/pr/3': COMMIT },
  files,
  ...more,
});
const below = async (dir: string): Promise<string[]> =>
  (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => entry.name);

describe('models', () => {
  test('fetches only the files needed, records the commit, and needs no network for them again', async () => {
    const files = {
      ...(await filesOf(LLAMA)),
      'pytorch_model.bin': { bytes: Buffer.from('pickle'), lfs: true },
      'onnx/model.onnx': { bytes: Buffer.alloc(10) },
    };
    const options = await serve({ 'org/tiny': repository(files) });
    const { dir, commit } = await locateModel('org/tiny', options);
    expect(commit).toBe(COMMIT);
    expect((await readdir(dir)).filter((name) => !name.startsWith('.')).sort()).toEqual(['config.json', 'model.safetensors']);
    const [fetched, local] = [await openCheckpoint(dir), await openCheckpoint(LLAMA)];
    expect(fetched.revision).toBe(local.revision);
    const before = hub!.requests.length;
    expect(await locateModel(`org/tiny@${COMMIT}`, options)).toEqual({ dir, commit });
    expect(hub!.requests.length).toBe(before);
  });

  test('a revision and a folder; a branch with slashes', async () => {
    const options = await serve({ 'org/many': repository(await filesOf(LLAMA, 'small/one/')) });
    const { dir, commit } = await locateModel('org/many@v1:small/one', options);
    expect(commit).toBe(OLD);
    expect((await openCheckpoint(dir)).nLayers).toBe((await openCheckpoint(LLAMA)).nLayers);
    expect((await locateModel('org/many@refs/pr/3:small/one', options)).commit).toBe(COMMIT);
    await expect(locateModel('org/many:small/two', options)).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('small/two') as string,
    });
  });

  test('shards: those the index names, and none whose name is a path', async () => {
    const weights = await readFile(join(LLAMA, 'model.safetensors'));
    const { 'model.safetensors': _, ...rest } = await filesOf(LLAMA);
    const header = JSON.parse(weights.subarray(8, 8 + Number(weights.readBigUInt64LE(0))).toString()) as Record<string, unknown>;
    const index = (shard: string): DoubleFile => ({
      bytes: Buffer.from(
        JSON.stringify({
          weight_map: Object.fromEntries(
            Object.keys(header)
              .filter((name) => name !== '__metadata__')
              .map((name) => [name, shard]),
          ),
        }),
      ),
    });
    const shard = 'model-00001-of-00001.safetensors';
    const evil = '../../../evil.safetensors';
    const options = await serve({
      'org/sharded': repository({ ...rest, 'model.safetensors.index.json': index(shard), [shard]: { bytes: weights, lfs: true } }),
      'org/evil': repository({ ...rest, 'model.safetensors.index.json': index(evil), [evil]: { bytes: weights, lfs: true } }),
    });
    const { dir } = await locateModel('org/sharded', options);
    expect((await openCheckpoint(dir)).parameters).toBe((await openCheckpoint(LLAMA)).parameters);
    await expect(locateModel('org/evil', options)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining('weight_map') as string });
    expect(await below(work)).not.toContain('evil.safetensors');
  });

  test('pickles are refused with the reason before anything is fetched', async () => {
    const options = await serve({
      'org/old': repository({ 'config.json': { bytes: Buffer.from('{}') }, 'pytorch_model.bin': { bytes: Buffer.from('x'), lfs: true } }),
    });
    await expect(locateModel('org/old', options)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/pytorch_model\.bin, a Python pickle.*run code/) as string,
    });
    expect(hub!.requests.filter(({ path }) => path.includes('/resolve/'))).toEqual([]);
  });

  test('names that point elsewhere ask nobody anything', async () => {
    const options = await serve({});
    for (const name of ['org/x:../../etc', 'org/x@../y', './nowhere', '/nowhere', 'nowhere'])
      await expect(locateModel(name, options), name).rejects.toMatchObject({ name: 'AppError' });
    expect(hub!.requests).toEqual([]);
  });
});

describe('a download', () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) & 255));
  const withWeights = async (file: Partial<DoubleFile> = {}): Promise<SnapshotOptions> =>
    serve({ 'org/m': repository({ 'config.json': { bytes: Buffer.from('{}') }, 'model.safetensors': { bytes, lfs: true, ...file } }) });

  test('goes on where the line broke, more often than the attempts without a byte allow', async () => {
    const options = await withWeights();
    hub!.cuts = [Infinity, 50_000, 60_000, 10, 70_000, 1, 40_000];
    const { dir } = await locateModel('org/m', options);
    expect((await readFile(join(dir, 'model.safetensors'))).equals(bytes)).toBe(true);
    const ranges = hub!.requests.filter(({ storage }) => storage).map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=50000-', 'bytes=110000-', 'bytes=110010-', 'bytes=180010-', 'bytes=180011-', 'bytes=220011-']);
  });

  test('of a later process goes on from what an earlier one left, also where ranges are ignored', async () => {
    const options = await withWeights();
    hub!.cuts = [Infinity, 50_000, 0, 0, 0, 0];
    await expect(locateModel('org/m', options)).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
    const part = join(work, 'hub', COMMIT, 'org', 'm', 'model.safetensors.part');
    expect((await stat(part)).size).toBe(50_000);
    hub!.ignoreRanges = true;
    const { dir } = await locateModel('org/m', options);
    expect((await readFile(join(dir, 'model.safetensors'))).equals(bytes)).toBe(true);
  });

  test.each([
    ['a large file', { statedChecksum: 'c'.repeat(64) }],
    ['a small one', { lfs: false, statedChecksum: 'c'.repeat(40) }],
  ])('of %s that is not what the hub states is removed', async (_, file) => {
    const options = await withWeights(file);
    await expect(locateModel('org/m', options)).rejects.toMatchObject({ code: 'corrupt_file', message: expect.stringContaining('checksum') as string });
    expect(await below(join(work, 'hub', COMMIT))).toEqual(['config.json']);
  });

  test('of a damaged part is told by its checksum and works the next time', async () => {
    const options = await withWeights();
    hub!.cuts = [Infinity, 50_000, 0, 0, 0, 0];
    await expect(locateModel('org/m', options)).rejects.toThrow();
    await writeFile(join(work, 'hub', COMMIT, 'org', 'm', 'model.safetensors.part'), Buffer.alloc(50_000));
    await expect(locateModel('org/m', options)).rejects.toMatchObject({ code: 'corrupt_file' });
    expect((await readFile(join((await locateModel('org/m', options)).dir, 'model.safetensors'))).equals(bytes)).toBe(true);
  });

  test('sends the token to the hub and not to the storage it points to', async () => {
    const options = await serve({
      'org/mine': repository({ 'config.json': { bytes: Buffer.from('{}') }, 'model.safetensors': { bytes, lfs: true } }, { token: 'hf_right' }),
    });
    await locateModel('org/mine', { ...options, token: 'hf_right' });
    const [stored] = hub!.requests.filter(({ storage }) => storage);
    expect(stored?.authorization).toBeUndefined();
    expect(hub!.requests.filter(({ storage, authorization }) => !storage && authorization !== 'Bearer hf_right')).toEqual([]);
  });
});

describe('refusals', () => {
  test('401, 403, 404, 503 and nobody there, each with what to do; a token is never repeated', async () => {
    const config = { 'config.json': { bytes: Buffer.from('{}') } };
    const options = await serve({
      'org/private': repository(config, { token: 'hf_right' }),
      'org/gated': repository(config, { gated: true }),
      'org/open': repository(config),
    });
    const outcome = (name: string, token: string | null = null) => expect(locateModel(name, { ...options, token })).rejects;
    await outcome('org/private').toMatchObject({ code: 'unauthorised', field: 'HF_TOKEN', message: expect.stringContaining('set HF_TOKEN') as string });
    await outcome('org/private', 'hf_wrong').toMatchObject({ code: 'unauthorised', message: expect.not.stringContaining('hf_wrong') as string });
    await outcome('org/gated', 'hf_right').toMatchObject({ code: 'forbidden', message: expect.stringContaining('accept its conditions') as string });
    await outcome('org/none').toMatchObject({ code: 'unauthorised', message: expect.stringContaining('the name is wrong') as string });
    await outcome('org/none', 'hf_right').toMatchObject({ code: 'not_found' });
    await outcome('org/open@v9').toMatchObject({ code: 'not_found', message: expect.stringContaining('v9') as string });
    hub!.down = 503;
    await outcome('org/open').toMatchObject({ code: 'upstream_failed', retryable: true, message: expect.stringContaining('503') as string });
    await expect(locateModel('org/open', { ...options, endpoint: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'upstream_failed',
      message: expect.stringMatching(/^There is no folder org.open here.*cannot be reached/) as string,
    });
  });

  test('a branch that was fetched before is taken as it was when the hub is down, and that is said', async () => {
    const options = await serve({ 'org/tiny': repository(await filesOf(LLAMA)) });
    const first = await locateModel('org/tiny', options);
    hub!.down = 503;
    expect(await locateModel('org/tiny', options)).toEqual(first);
    expect(said.join()).toContain(COMMIT);
  });
});

describe('sparse coders', () => {
  test.each([
    ['sparsify-run.layers.1.mlp', 'coder', 'layers.1.mlp'],
    ['gemma-scope-res', 'coder/gemma-scope-2b-pt-res', 'layer_1/width_256/average_l0_12'],
    ['gemma-scope-2-transcoder-affine', 'coder', null],
    ['saelens-v6-jumprelu', 'coder', null],
    ['llama-scope-res', 'coder', null],
  ])('%s opens from the hub as it does from its folder', async (golden, root, folder) => {
    const base = join(GOLDEN, 'coders', golden, root);
    const files = await filesOf(base);
    const options = await serve({ 'google/gemma-scope-2b-pt-res': repository(files) });
    const subfolder = folder ?? (await coderFolder(base));
    const { dir } = await locateCoder(`google/gemma-scope-2b-pt-res${subfolder === '' ? '' : `:${subfolder}`}`, options);
    const [fetched, local] = [await openSparseCoder(dir), await openSparseCoder(join(base, subfolder))];
    expect(fetched.revision).toBe(local.revision);
    if (folder !== null) expect(fetched.inputHookpoints).toEqual(local.inputHookpoints);
    expect(await below(dir)).not.toContain('state.pt');
  });

  test('a repository of several says which there are; one of pickles says why not', async () => {
    const run = join(GOLDEN, 'coders', 'sparsify-run.layers.0', 'coder');
    const options = await serve({ 'org/run': repository(await filesOf(run)), 'org/pickle': repository({ 'ae.pt': { bytes: Buffer.from('x') } }) });
    await expect(locateCoder('org/run', options)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/layers\.0, layers\.1\.mlp, layers\.2\.self_attn: name one/) as string,
    });
    await expect(locateCoder('org/pickle', options)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('ae.pt is a Python pickle') as string,
    });
  });
});

/** Where in a golden folder the coder lies. */
async function coderFolder(base: string): Promise<string> {
  const found = (await readdir(base, { recursive: true })).find((path) =>
    /(?:^|\/)(?:params\.(?:npz|safetensors)|sae_weights\.safetensors|hyperparams\.json)$/.test(path),
  )!;
  return found.split('/').slice(0, -1).join('/');
}

describe('data sets', () => {
  const text = async (location: string): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of (await openTextSource(location)).documents(1)) keys.push(key);
    return keys.sort();
  };

  test('fetches the split, or the one file named, and reads it', async () => {
    const files = { ...(await filesOf(join(GOLDEN, 'text'), 'data/')), 'README.md': { bytes: Buffer.from('card') } };
    const options = await serve({ 'datasets/org/words': repository(files) });
    const split = await locateText('hf:org/words?split=validation', options);
    expect(await text(split)).toEqual([1, 2, 3, 4].map((row) => `data/validation-00000-of-00001.parquet:${row}`));
    const named = await locateText('hf:org/words:data/chats.parquet?column=messages', options);
    expect(await text(named)).toEqual([1, 2, 3].map((row) => `chats.parquet:${row}`));
    expect(await below(options.cacheDir)).not.toContain('README.md');
    expect(await below(options.cacheDir)).not.toContain('train-00000-of-00001.parquet');
    await hub!.close();
    expect(await locateText(`hf:org/words@${COMMIT}?split=validation`, options)).toBe(split);
  });

  test('says what is not there, and asks for a choice among many', async () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`data/train-${i}.jsonl`, { bytes: Buffer.from('{"text":"x"}') }]));
    const options = await serve({ 'datasets/org/many': repository(many) });
    await expect(locateText('hf:org/many', options)).rejects.toMatchObject({ code: 'too_large', message: expect.stringContaining('20 files') });
    await expect(locateText('hf:org/many?split=test', options)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('split test') });
    await expect(locateText('hf:org/many:data/none.jsonl', options)).rejects.toMatchObject({ code: 'not_found' });
    await expect(locateText('hf:nonsense', options)).rejects.toMatchObject({ code: 'bad_request' });
    expect(await locateText('./a/folder?column=body', options)).toBe('./a/folder?column=body');
  });
});
