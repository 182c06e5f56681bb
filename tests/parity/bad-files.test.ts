import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAppError } from '#lib/errors/app-error.ts';
import { rngFor } from '#lib/random/rng.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import { openEncoder } from '#gpu-worker/sparse-coder/encoder.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { GOLDEN, goldenFolders } from './golden.ts';

/** One golden model of each family. */
const names = await (async () => {
  const byFamily = new Map<string, string>();
  for (const name of await goldenFolders('models')) {
    const { model_type: family } = JSON.parse(await readFile(join(GOLDEN, 'models', name, 'config.json'), 'utf8')) as { model_type: string };
    byFamily.set(family, name);
  }
  return [...byFamily.values()];
})();
let work: string;
let number = 0;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'bad-files-'));
});
afterAll(() => rm(work, { recursive: true }));

/** A copy of a golden folder with some files replaced. */
async function copyOf(kind: 'models' | 'coders', path: string, replace: Record<string, Uint8Array | string>): Promise<string> {
  const dir = join(work, String(number++));
  await cp(join(GOLDEN, kind, path), dir, { recursive: true });
  for (const [name, content] of Object.entries(replace)) await writeFile(join(dir, name), content);
  return dir;
}

/** What happened: null when all went well, else the AppError. Anything else thrown fails the test. */
async function outcome(action: () => Promise<unknown>): Promise<{ code: string; message: string } | null> {
  try {
    await action();
    return null;
  } catch (error) {
    if (isAppError(error) && error.code !== 'internal') return error;
    throw error;
  }
}

async function openAndRun(dir: string): Promise<void> {
  const checkpoint = await openCheckpoint(dir);
  const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint: 'logits' }], threads: 1 });
  try {
    await model.run(
      Int32Array.from({ length: 8 }, (_, i) => i),
      1,
      8,
    );
  } finally {
    await model.close();
  }
}

const llama = join(GOLDEN, 'models', 'llama');
const weights = (): Promise<Buffer> => readFile(join(llama, 'model.safetensors'));

/** A safetensors file of a header and `bytes` bytes of zeros. */
function made(header: unknown, bytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(bytes)]);
}

describe('safetensors', () => {
  test('cut short anywhere', async () => {
    const whole = await weights();
    const headerEnd = 8 + Number(whole.readBigUInt64LE());
    for (const size of [0, 3, 8, 100, headerEnd - 1, headerEnd, headerEnd + 1, whole.length - 1]) {
      const dir = await copyOf('models', 'llama', { 'model.safetensors': whole.subarray(0, size) });
      expect(await outcome(() => openCheckpoint(dir)), `cut at ${size}`).toMatchObject({
        code: 'corrupt_file',
        message: expect.stringContaining('model.safetensors') as string,
      });
    }
    const longer = await copyOf('models', 'llama', { 'model.safetensors': Buffer.concat([whole, Buffer.alloc(4)]) });
    expect(await outcome(() => openCheckpoint(longer))).toMatchObject({ code: 'corrupt_file' });
  });

  test('a wrong header length', async () => {
    const whole = await weights();
    const right = whole.readBigUInt64LE();
    for (const wrong of [0n, 1n, right - 8n, right - 1n, right + 1n, right + 8n, BigInt(whole.length), 1n << 31n, 1n << 40n, (1n << 64n) - 1n]) {
      const bytes = Buffer.from(whole);
      bytes.writeBigUInt64LE(wrong);
      const dir = await copyOf('models', 'llama', { 'model.safetensors': bytes });
      expect(await outcome(() => openCheckpoint(dir)), String(wrong)).toMatchObject({ code: 'corrupt_file' });
    }
  });

  test.each([
    ['overlapping tensors', { a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12, /overlaps a/],
    ['a gap between tensors', { a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12, /belong to no tensor/],
    ['a tensor beyond the end', { a: entry([2], 0, 8) }, 4, /cut short/],
    ['a shape that its place cannot hold', { a: entry([3], 0, 8) }, 8, /needs 12 bytes/],
    ['a huge shape', { a: entry([2 ** 31, 2 ** 31, 4], 0, 8) }, 8, /needs/],
    ['a negative size', { a: entry([-2], 0, 8) }, 8, /tensor a/],
    ['offsets the wrong way round', { a: entry([2], 8, 0) }, 8, /before its begin/],
    ['an unknown number type', { a: { dtype: 'F31', shape: [2], data_offsets: [0, 8] } }, 8, /tensor a is wrong at dtype/],
    ['an entry that is no entry', { a: 3 }, 8, /tensor a/],
    ['metadata that is no table of texts', { __metadata__: { a: { b: 1 } } }, 0, /__metadata__/],
  ])('%s', async (_, header, bytes, message) => {
    const file = join(work, `${number++}.safetensors`);
    await writeFile(file, made(header, bytes));
    const found = await outcome(() => openSafetensors(file));
    expect(found?.code).toBe('corrupt_file');
    expect(found?.message).toMatch(message);
  });

  test('random damage to the header never crashes, hangs or takes much memory', async () => {
    const whole = await weights();
    const headerEnd = 8 + Number(whole.readBigUInt64LE());
    const rng = rngFor(5, 'damage');
    const before = process.memoryUsage.rss();
    const file = join(work, 'damaged.safetensors');
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(whole);
      for (let hit = 0; hit <= rng.int(4); hit++) bytes[rng.int(headerEnd)] = rng.int(256);
      await writeFile(file, bytes);
      await outcome(() => openSafetensors(file));
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
  });

  test('weights that are not numbers', async () => {
    const { tensors } = await openSafetensors(join(llama, 'model.safetensors'));
    for (const name of ['model.layers.1.mlp.down_proj.weight', 'model.norm.weight', 'lm_head.weight']) {
      const bytes = Buffer.from(await weights());
      bytes.writeFloatLE(NaN, tensors.get(name)!.offset);
      const dir = await copyOf('models', 'llama', { 'model.safetensors': bytes });
      expect(await outcome(() => openAndRun(dir)), name).toMatchObject({ code: 'corrupt_file', message: expect.stringContaining('not finite') as string });
    }
  });
});

describe('shards', () => {
  const name = 'llama-gqa-llama3';
  test.each([
    ['a path upwards', '../llama/model.safetensors'],
    ['an absolute path', '/etc/passwd'],
    ['a path into a folder', 'x/model.safetensors'],
    ['another kind of file', 'config.json'],
    ['a shard that is not there', 'model-00009-of-00002.safetensors'],
  ])('%s in the index', async (_, shard) => {
    const index = JSON.parse(await readFile(join(GOLDEN, 'models', name, 'model.safetensors.index.json'), 'utf8')) as { weight_map: Record<string, string> };
    index.weight_map['model.norm.weight'] = shard;
    const dir = await copyOf('models', name, { 'model.safetensors.index.json': JSON.stringify(index) });
    expect((await outcome(() => openCheckpoint(dir)))?.code).toMatch(/corrupt_file|not_found/);
  });

  test('a tensor that its shard does not hold', async () => {
    const index = JSON.parse(await readFile(join(GOLDEN, 'models', name, 'model.safetensors.index.json'), 'utf8')) as { weight_map: Record<string, string> };
    const [first, second] = [...new Set(Object.values(index.weight_map))];
    const [tensor] = Object.entries(index.weight_map).find(([, shard]) => shard === first)!;
    index.weight_map[tensor] = second!;
    const dir = await copyOf('models', name, { 'model.safetensors.index.json': JSON.stringify(index) });
    expect(await outcome(() => openCheckpoint(dir))).toMatchObject({ code: 'corrupt_file', message: expect.stringContaining(tensor) as string });
  });
});

describe('config.json', () => {
  const configOf = async (name: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(GOLDEN, 'models', name, 'config.json'), 'utf8')) as Record<string, unknown>;

  test.each([
    ['a misspelt key', { num_attention_heads: undefined, num_atention_heads: 4 }, /num_atention_heads.*num_attention_heads/s],
    ['a misspelt optional key', { rms_norm_eps: undefined, rms_norm_esp: 1e-5 }, /rms_norm_esp.*rms_norm_eps/s],
    ['a missing key', { hidden_size: undefined }, /hidden_size is missing/],
    ['a value of the wrong kind', { num_hidden_layers: 'four' }, /num_hidden_layers is "four"/],
    ['more layers than there are', { num_hidden_layers: 9 }, /no tensor model\.layers/],
    ['a size the weights do not have', { intermediate_size: 32 }, /mlp.*has shape \[.*makes it \[32/s],
    ['heads that do not go together', { num_key_value_heads: 3 }, /cannot share/],
    ['an absurd size', { hidden_size: 1e12 }, /hidden_size/],
    ['an activation nobody knows', { hidden_act: 'squiggle' }, /hidden_act.*gelu/s],
    ['another rotary scaling', { rope_scaling: { rope_type: 'yarn', factor: 2 } }, /yarn is not supported; supported are default, linear/],
    ['a scaling without its numbers', { rope_scaling: { rope_type: 'llama3', factor: 2 } }, /llama3 rope scaling needs low_freq_factor/],
    ['a family nobody knows', { model_type: 'mamba' }, /mamba is not supported; supported are .*gpt2.*gemma3_text/s],
    ['no family', { model_type: undefined }, /model_type is missing/],
    ['quantised weights', { quantization_config: { quant_method: 'gptq' } }, /quantization_config/],
  ])('%s', async (_, change, message) => {
    const dir = await copyOf('models', 'llama', { 'config.json': JSON.stringify({ ...(await configOf('llama')), ...change }) });
    const found = await outcome(() => openCheckpoint(dir));
    expect(found?.message).toMatch(message);
    expect(['invalid_config', 'unsupported', 'corrupt_file', 'shape_mismatch']).toContain(found?.code);
  });

  test.each(names)('any key of %s replaced by nonsense is an error with a sentence, or harmless', async (name) => {
    const config = await configOf(name);
    const dir = await copyOf('models', name, {});
    for (const key of Object.keys(config)) {
      for (const nonsense of [null, -1, 0, 1.5, 1e9, 1e300, 'nonsense', true, [], {}, [[['global'], 1e6]]]) {
        await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, [key]: nonsense }));
        const found = await outcome(() => openCheckpoint(dir));
        if (found) expect(found.message.length, `${key} = ${JSON.stringify(nonsense)}`).toBeLessThan(600);
      }
    }
  });

  test('no JSON, no object, no file', async () => {
    for (const text of ['', '{', '[]', '3', '\u0000']) {
      const dir = await copyOf('models', 'llama', { 'config.json': text });
      expect(await outcome(() => openCheckpoint(dir)), JSON.stringify(text)).toMatchObject({ code: 'invalid_config' });
    }
    expect(await outcome(() => openCheckpoint(join(work, 'nowhere')))).toMatchObject({ code: 'not_found' });
  });
});

describe('sparse coders', () => {
  async function openAndEncode(dir: string): Promise<void> {
    const coder = await openSparseCoder(dir);
    const encoder = await openEncoder(coder, { threads: 1 });
    try {
      await encoder.encode(new Float32Array(coder.dIn).fill(1));
    } finally {
      await encoder.close();
    }
  }

  test('an encoder that holds a NaN', async () => {
    const path = 'sparsify-topk/coder/layers.3';
    const file = join(GOLDEN, 'coders', path, 'sae.safetensors');
    const bytes = await readFile(file);
    bytes.writeFloatLE(NaN, (await openSafetensors(file)).tensors.get('encoder.weight')!.offset + 400);
    const dir = await copyOf('coders', path, { 'sae.safetensors': bytes });
    expect(await outcome(() => openAndEncode(dir))).toMatchObject({ code: 'corrupt_file', message: expect.stringContaining('not finite') as string });
  });

  test.each([
    ['sparsify-topk/coder/layers.3', 'cfg.json', { activation: 'softmax' }, /activation/],
    ['sparsify-topk/coder/layers.3', 'cfg.json', { k: 100_000 }, /k 100000 is more/],
    ['sparsify-topk/coder/layers.3', 'cfg.json', { num_latents: 77 }, /encoder.*\[77/s],
    ['sparsify-groupmax/coder/layers.2.mlp', 'cfg.json', { k: 7 }, /groups/],
    ['saelens-v6-topk/coder', 'cfg.json', { architecture: 'matching_pursuit' }, /matching_pursuit is not supported; supported are standard/],
    ['saelens-v6-topk/coder', 'cfg.json', { normalize_activations: 'sphere' }, /sphere/],
    ['saelens-v6-transcoder/coder', 'cfg.json', { apply_b_dec_to_input: true }, /apply_b_dec_to_input/],
  ])('%s with %s saying %o', async (path, file, change, message) => {
    const config = JSON.parse(await readFile(join(GOLDEN, 'coders', path, file), 'utf8')) as Record<string, unknown>;
    const dir = await copyOf('coders', path, { [file]: JSON.stringify({ ...config, ...change }) });
    expect((await outcome(() => openSparseCoder(dir)))?.message).toMatch(message);
  });

  test('a damaged .npz never crashes, hangs or takes much memory', async () => {
    const path = join(GOLDEN, 'coders', 'gemma-scope-res', 'coder', 'gemma-scope-2b-pt-res', 'layer_1', 'width_256', 'average_l0_12');
    const whole = await readFile(join(path, 'params.npz'));
    const dir = join(work, 'npz');
    await cp(path, dir, { recursive: true });
    const rng = rngFor(9, 'npz');
    const before = process.memoryUsage.rss();
    // Local headers, the array headers behind them and the directory at the end are where damage matters.
    const places = [...Array(400).keys(), ...Array.from({ length: 600 }, (_, i) => whole.length - 1 - i)];
    let refused = 0;
    for (let round = 0; round < 250; round++) {
      const bytes = Buffer.from(whole);
      for (let hit = 0; hit <= rng.int(3); hit++) bytes[places[rng.int(places.length)]!] = rng.int(256);
      await writeFile(join(dir, 'params.npz'), rng.int(4) === 0 ? bytes.subarray(0, rng.int(bytes.length)) : bytes);
      if (await outcome(() => openSparseCoder(dir))) refused++;
    }
    expect(refused).toBeGreaterThan(100);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
  });

  test('a folder of coders, a pickle, an empty folder say what to do', async () => {
    const run = join(GOLDEN, 'coders', 'sparsify-run.layers.0', 'coder');
    expect(await readdir(run)).toContain('state.pt');
    expect((await outcome(() => openSparseCoder(run)))?.message).toMatch(/layers\.0, layers\.1\.mlp, layers\.2\.self_attn/);
    const dir = await mkdtemp(join(work, 'pickle-'));
    expect((await outcome(() => openSparseCoder(dir)))?.message).toMatch(/sparsify/);
    await writeFile(join(dir, 'ae.pt'), 'x');
    expect((await outcome(() => openSparseCoder(dir)))?.message).toMatch(/ae\.pt is a Python pickle/);
  });
});

function entry(shape: number[], begin: number, end: number): unknown {
  return { dtype: 'F32', shape, data_offsets: [begin, end] };
}
