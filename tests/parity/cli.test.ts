import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { coderEncode } from '#cli/coder-encode.ts';
import { modelActivations } from '#cli/model-activations.ts';
import { modelGenerate, parseSteering } from '#cli/model-generate.ts';
import { modelInspect } from '#cli/model-inspect.ts';
import { openSafetensors, readFloats } from '#gpu-worker/model/safetensors.ts';
import { writeSafetensors } from '#gpu-worker/model/safetensors-writer.ts';
import { startHubDouble } from '#tests/doubles/hub.ts';
import { GOLDEN, goldenFolders, readJson, readTensors, readUint32, relativeDifference } from './golden.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DEMO = join(ROOT, 'models', 'presidents-4m');
const DEMO_CODER = join(ROOT, 'models', 'presidents-4m-coders', 'layers.2');

let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'atlas-cli-'));
  process.env['ATLAS_DATA_DIR'] = join(work, 'data');
});
afterAll(async () => {
  delete process.env['ATLAS_DATA_DIR'];
  await rm(work, { recursive: true });
});

const goldenSchema = z.object({ tolerance: z.number(), coder_path: z.string().optional() });
const written = async (path: string) => {
  const file = await openSafetensors(path);
  const floats = async (name: string): Promise<Float32Array> => readFloats(file.tensors.get(name)!);
  const integers = async (name: string): Promise<number[]> => [...(await readUint32(file.tensors.get(name)!))];
  return { ...file, floats, integers };
};

test.each(await goldenFolders('models'))('model activations writes what transformers computes for %s', async (name) => {
  const dir = join(GOLDEN, 'models', name);
  const { tolerance } = await readJson(goldenSchema, 'models', name, 'golden.json');
  const expected = await readTensors('models', name, 'expected.safetensors');
  const out = join(work, `${name}.safetensors`);
  await modelActivations({ model: dir, tokens: join(dir, 'tokens.json'), hookpoints: [...expected.keys()].join(','), out });
  const { tensors, floats } = await written(out);
  expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [hookpoint, { data, shape }] of expected) {
    expect(tensors.get(hookpoint)).toMatchObject({ dtype: 'F32', shape });
    expect(relativeDifference(await floats(hookpoint), data), hookpoint).toBeLessThanOrEqual(tolerance);
  }
});

test.each(await goldenFolders('coders'))('coder encode lists the latents that the reference library finds for %s', async (name) => {
  const { tolerance, coder_path: path } = await readJson(goldenSchema, 'coders', name, 'golden.json');
  const expected = await openSafetensors(join(GOLDEN, 'coders', name, 'expected.safetensors'));
  const out = join(work, `coder-${name}.safetensors`);
  await coderEncode({ coder: join(GOLDEN, 'coders', name, path!), hidden: join(GOLDEN, 'coders', name, 'input.safetensors'), decoded: true, out });
  const { tensors, floats, integers } = await written(out);
  expect([...tensors].map(([key, { dtype }]) => `${key} ${dtype}`)).toEqual(['row U32', 'position U32', 'latent U32', 'value F32', 'decoded F32']);
  for (const column of ['row', 'position', 'latent']) expect(await integers(column)).toEqual([...(await readUint32(expected.tensors.get(column)!))]);
  for (const column of ['value', 'decoded']) {
    const stored = expected.tensors.get(column)!;
    expect(tensors.get(column)!.shape).toEqual(stored.shape);
    expect(relativeDifference(await floats(column), await readFloats(stored)), column).toBeLessThanOrEqual(tolerance);
  }
});

describe('with a model', () => {
  const tokensOf = async (rows: number[][]): Promise<string> => {
    const path = join(work, `tokens-${rows.length}-${rows[0]?.length}.json`);
    await writeFile(path, JSON.stringify({ input_ids: rows }));
    return path;
  };
  const rows = Array.from({ length: 5 }, (_, r) => Array.from({ length: 24 }, (_, i) => (i === 0 ? 0 : (r * 977 + i * 131) % 4096)));

  test('coder encode reads the model at the hookpoint of the coder: the same as encoding the activations written there', async () => {
    const [tokens, hidden] = [await tokensOf(rows), join(work, 'hidden.safetensors')];
    await coderEncode({ coder: DEMO_CODER, model: DEMO, tokens, decoded: true, out: join(work, 'a.safetensors') });
    await modelActivations({ model: DEMO, tokens, hookpoints: 'layers.2', out: hidden });
    // The tensor under the name that --hidden asks for.
    const { floats, tensors } = await written(hidden);
    await writeSafetensors(hidden, new Map([['hidden', { shape: tensors.get('layers.2')!.shape, data: await floats('layers.2') }]]));
    await coderEncode({ coder: DEMO_CODER, hidden, decoded: true, out: join(work, 'b.safetensors') });
    const [a, b] = [await written(join(work, 'a.safetensors')), await written(join(work, 'b.safetensors'))];
    for (const column of ['row', 'position', 'latent']) expect(await a.integers(column)).toEqual(await b.integers(column));
    expect(relativeDifference(await a.floats('value'), await b.floats('value'))).toBeLessThan(1e-6);
    expect(relativeDifference(await a.floats('decoded'), await b.floats('decoded'))).toBeLessThan(1e-6);
    expect(a.metadata).toMatchObject({ hookpoint: 'layers.2' });
  });

  test('neurons:k lists the k largest neurons; random:width:k needs no file either', async () => {
    const tokens = await tokensOf(rows);
    const hookpoint = 'layers.1.mlp.neurons';
    await coderEncode({ coder: 'neurons:3', model: DEMO, tokens, hookpoint, decoded: false, out: join(work, 'n.safetensors') });
    await modelActivations({ model: DEMO, tokens, hookpoints: hookpoint, out: join(work, 'neurons.safetensors') });
    const [found, all] = [await written(join(work, 'n.safetensors')), await written(join(work, 'neurons.safetensors'))];
    const hidden = await all.floats(hookpoint);
    const width = all.tensors.get(hookpoint)!.shape[2]!;
    const expected: number[] = [];
    for (let token = 0; token < 5 * 24; token++) {
      const values = [...hidden.subarray(token * width, (token + 1) * width)];
      const third = values.toSorted((x, y) => y - x)[2]!;
      values.forEach((value, i) => value >= third && value > 0 && expected.push(i));
    }
    expect(await found.integers('latent')).toEqual(expected);
    await coderEncode({ coder: 'random:512:4', model: DEMO, tokens, hookpoint: 'layers.1', decoded: true, out: join(work, 'r.safetensors') });
    const random = await written(join(work, 'r.safetensors'));
    expect(random.tensors.get('latent')!.shape).toEqual([5 * 24 * 4]);
    expect(random.tensors.get('decoded')!.shape).toEqual([5, 24, 256]);
  });

  test('generate prints the new text alone; a seed draws, repeatably; a strength of 0 changes nothing and a large one does', async () => {
    const printed = async (more: Partial<Parameters<typeof modelGenerate>[0]>): Promise<string> => {
      const lines: string[] = [];
      await modelGenerate({ model: DEMO, prompt: 'The Congress of the United States', chat: false, maxTokens: 12, topP: 1, ...more }, (line) =>
        lines.push(line),
      );
      expect(lines).toHaveLength(1);
      return lines[0]!;
    };
    const greedy = await printed({});
    expect(greedy).toMatch(/\w/);
    expect(greedy).not.toContain('The Congress of the United States');
    expect(await printed({ seed: 5 })).toBe(await printed({ seed: 5 }));
    expect(new Set([await printed({ seed: 1 }), await printed({ seed: 2 }), await printed({ seed: 3 })]).size).toBeGreaterThan(1);
    expect(await printed({ seed: 5, temperature: 0 })).toBe(greedy);
    expect(await printed({ steer: `${DEMO_CODER}:17:0` })).toBe(greedy);
    expect(await printed({ steer: `${DEMO_CODER}:17:400` })).not.toBe(greedy);
    await expect(printed({ chat: true })).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('chat template') as string });
  });

  test('inspect says what there is and what is missing', async () => {
    const lines: string[] = [];
    await modelInspect(DEMO, { json: true }, (line) => lines.push(line));
    const report = JSON.parse(lines.join('\n')) as Record<string, unknown>;
    expect(report).toMatchObject({ family: 'llama', layers: 4, width: 256, vocabulary: 4096, supported: true });
    expect(report['hookpoints']).toContainEqual({ name: 'layers.3.mlp.neurons', width: expect.any(Number) as number });
    expect(report['unsupported']).toEqual([expect.stringMatching(/^Chat: .*chat template/)]);
    const text: string[] = [];
    await modelInspect(join(GOLDEN, 'models', 'llama'), { json: false }, (line) => text.push(line));
    expect(text.join('\n')).toMatch(/unsupported +Text prompts: .*tokenizer\.json is missing/);
  });

  test('mistakes are told by name, and leave nothing behind', async () => {
    const tokens = await tokensOf(rows);
    const out = join(work, 'never', 'x.safetensors');
    const good = { model: DEMO, tokens, hookpoints: 'layers.1', out: join(work, 'mistake.safetensors') };
    await expect(modelActivations({ ...good, out })).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining(out) as string });
    await expect(modelActivations({ ...good, hookpoints: 'layers.9' })).rejects.toMatchObject({
      message: expect.stringContaining('no hookpoint layers.9') as string,
    });
    await expect(modelActivations({ ...good, hookpoints: ' , ' })).rejects.toMatchObject({ field: 'hookpoints' });
    await expect(modelActivations({ ...good, tokens: await tokensOf([[1, 2], [3]]) })).rejects.toMatchObject({
      message: expect.stringContaining('row 1') as string,
    });
    await expect(modelActivations({ ...good, tokens: await tokensOf([[1, 4096]]) })).rejects.toMatchObject({
      message: expect.stringContaining('4096') as string,
    });
    await expect(coderEncode({ coder: 'neurons:3', model: DEMO, tokens, decoded: false, out: good.out })).rejects.toMatchObject({ field: 'hookpoint' });
    await expect(coderEncode({ coder: DEMO_CODER, decoded: false, out: good.out })).rejects.toMatchObject({ field: 'model' });
    expect(() => parseSteering('layers.2:3')).toThrow('CODER:LATENT:STRENGTH');
    expect((await readdir(work)).filter((name) => name.startsWith('mistake'))).toEqual([]);
  });
});

test('a model and a coder of the hub are named like folders, and their commits go into the file', async () => {
  const commit = 'd'.repeat(40);
  const filesOf = async (dir: string): Promise<Record<string, { bytes: Buffer; lfs: boolean }>> =>
    Object.fromEntries(
      await Promise.all((await readdir(dir)).map(async (name) => [name, { bytes: await readFile(join(dir, name)), lfs: name.endsWith('.safetensors') }])),
    );
  const coder = Object.fromEntries(Object.entries(await filesOf(DEMO_CODER)).map(([name, file]) => [`layers.2/${name}`, file]));
  const hub = await startHubDouble({
    'org/demo': { revisions: { main: commit }, files: await filesOf(DEMO) },
    'org/coders': { revisions: { main: commit }, files: coder },
  });
  process.env['HF_ENDPOINT'] = hub.endpoint;
  try {
    const [tokens, out] = [join(work, 'hub.json'), join(work, 'hub.safetensors')];
    await writeFile(tokens, JSON.stringify({ input_ids: [[0, 5, 9]] }));
    await coderEncode({ model: 'org/demo', coder: 'org/coders:layers.2', tokens, decoded: false, out });
    expect((await written(out)).metadata).toMatchObject({ model: 'org/demo', model_commit: commit, coder_commit: commit, hookpoint: 'layers.2' });
    const lines: string[] = [];
    await modelInspect('org/demo', { json: true }, (line) => lines.push(line));
    expect(JSON.parse(lines.join(''))).toMatchObject({ commit, family: 'llama' });
  } finally {
    delete process.env['HF_ENDPOINT'];
    await hub.close();
  }
});

test('steering is read from its end', () => {
  expect(parseSteering('org/name@main:a/b:17:-2.5')).toEqual({ coder: 'org/name@main:a/b', latent: 17, strength: -2.5 });
  expect(parseSteering('random:64:4:9:1e2')).toEqual({ coder: 'random:64:4', latent: 9, strength: 100 });
});

test('a user at a shell gets the text alone, and one sentence for a mistake', { timeout: 120_000 }, async () => {
  const atlas = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)('npm', ['run', '-s', 'atlas', '--', ...args], { cwd: ROOT });
  const { stdout } = await atlas('model', 'inspect', DEMO, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ family: 'llama' });
  await expect(atlas('model', 'inspect', join(work, 'nowhere'))).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^[^\n]*nowhere[^\n]*\n$/) as string,
  });
});
