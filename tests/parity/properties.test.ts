import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rngFor } from '#lib/random/rng.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { writeDecoder } from '#gpu-worker/model/decoder-graph.ts';
import { openInstrumentedModel, type Tap, type TapResult } from '#gpu-worker/model/instrumented-model.ts';
import { GraphBuilder } from '#gpu-worker/model/onnx-graph.ts';
import { readFloats } from '#gpu-worker/model/safetensors.ts';
import { openBaseline } from '#gpu-worker/sparse-coder/baseline.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { relativeDifference } from './golden.ts';

const models = join(import.meta.dirname, '..', '..', 'models');
const ROWS = 6;
const LENGTH = 48;
// The same sums in another order: float32 rounding of a few hundred terms.
const ROUNDING = 1e-5;

let checkpoint: Checkpoint;
const ids = Int32Array.from(
  { length: ROWS * LENGTH },
  (
    (rng) => () =>
      rng.int(4096)
  )(rngFor(1, 'tokens')),
);

beforeAll(async () => {
  checkpoint = await openCheckpoint(join(models, 'presidents-4m'));
});

async function run(taps: Tap[], tokens: Int32Array, rows: number, length: number): Promise<TapResult[]> {
  const model = await openInstrumentedModel({ checkpoint, taps, threads: 1 });
  const results = await model.run(tokens, rows, length);
  await model.close();
  return results;
}

describe('the forward pass', () => {
  test('does not depend on the batch: rows alone, and in another order, give the same', async () => {
    const [together] = await run([{ hookpoint: 'layers.3' }], ids, ROWS, LENGTH);
    const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint: 'layers.3' }], threads: 1 });
    const width = LENGTH * checkpoint.dModel;
    for (const row of [4, 0, 5]) {
      const [alone] = await model.run(ids.slice(row * LENGTH, (row + 1) * LENGTH), 1, LENGTH);
      expect(relativeDifference(alone!.hidden!, together!.hidden!.subarray(row * width, (row + 1) * width))).toBeLessThan(ROUNDING);
    }
    await model.close();
  });

  test('is causal: a prefix of the rows gives the prefix of the values', async () => {
    const prefix = 20;
    const shorter = Int32Array.from({ length: ROWS * prefix }, (_, i) => ids[Math.floor(i / prefix) * LENGTH + (i % prefix)]!);
    const [whole] = await run([{ hookpoint: 'layers.3.mlp' }], ids, ROWS, LENGTH);
    const [part] = await run([{ hookpoint: 'layers.3.mlp' }], shorter, ROWS, prefix);
    const d = checkpoint.dModel;
    for (let row = 0; row < ROWS; row++) {
      const expected = whole!.hidden!.subarray(row * LENGTH * d, (row * LENGTH + prefix) * d);
      expect(relativeDifference(part!.hidden!.subarray(row * prefix * d, (row + 1) * prefix * d), expected)).toBeLessThan(ROUNDING);
    }
  });

  test('ends at the deepest hookpoint, and what is not asked for is not in the graph', async () => {
    const graphOf = (hookpoint: string): string => {
      const g = new GraphBuilder();
      g.output('out', writeDecoder(g, checkpoint.spec, checkpoint.tensors).hookpoints.get(hookpoint)!, 'float', ['tokens', checkpoint.dModel]);
      return Buffer.from(g.build().bytes).toString('latin1');
    };
    expect(graphOf('layers.1')).toContain('model.layers.1.mlp');
    expect(graphOf('layers.1')).not.toContain('model.layers.2.');
    expect(graphOf('layers.1.attn')).not.toContain('model.layers.1.mlp');
    expect(graphOf('embed')).not.toContain('model.layers.0.');
    const hookpoints = checkpoint
      .hookpoints()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('layers.3') && name !== 'layers.2');
    const all = await run(
      hookpoints.map((hookpoint) => ({ hookpoint })),
      ids,
      ROWS,
      LENGTH,
    );
    for (const [i, hookpoint] of hookpoints.entries()) {
      const [alone] = await run([{ hookpoint }], ids, ROWS, LENGTH);
      expect(relativeDifference(alone!.hidden!, all[i]!.hidden!), hookpoint).toBeLessThan(ROUNDING);
    }
  });

  test("SAELens's names mean the same places", async () => {
    const names = [
      'blocks.1.hook_resid_post',
      'layers.1',
      'blocks.1.hook_resid_pre',
      'layers.0',
      'blocks.0.hook_resid_pre',
      'embed',
      'blocks.2.hook_mlp_out',
      'layers.2.mlp',
      'blocks.2.attn.hook_z',
      'layers.2.attn.z',
      'layers.2.mlp.out',
      'layers.2.mlp',
    ];
    const results = await run(
      names.map((hookpoint) => ({ hookpoint })),
      ids,
      ROWS,
      LENGTH,
    );
    for (let i = 0; i < names.length; i += 2) expect(results[i]!.hidden, names[i]).toEqual(results[i + 1]!.hidden);
  });
});

describe('sparse coders inside the graph', () => {
  let workDir: string;
  beforeAll(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'baselines-'));
  });
  afterAll(() => rm(workDir, { recursive: true }));

  test('find the latents that brute force finds from the hidden states', async () => {
    const coder = await openSparseCoder(join(models, 'presidents-4m-coders', 'layers.2'));
    const [hidden, latents] = await run([{ hookpoint: 'layers.2' }, { hookpoint: 'layers.2', coder }], ids, ROWS, LENGTH);
    const [weights, bias, centre] = [
      await readFloats(coder.encoder!.tensor),
      await readFloats(coder.encoderBias!),
      await readFloats(coder.decoderBias!.tensor),
    ];
    const d = coder.dIn;
    for (let token = 0; token < 40; token++) {
      const p = Float64Array.from({ length: coder.width }, (_, latent) => {
        let sum = bias[latent]!;
        for (let i = 0; i < d; i++) sum += (hidden!.hidden![token * d + i]! - centre[i]!) * weights[latent * d + i]!;
        return sum;
      });
      const best = [...p.keys()].sort((a, b) => p[b]! - p[a]!).slice(0, coder.k!);
      expect([...latents!.indices!.subarray(token * coder.k!, (token + 1) * coder.k!)]).toEqual(best);
      best.forEach((latent, place) => expect(latents!.values![token * coder.k! + place]!).toBeCloseTo(Math.max(0, p[latent]!), 3));
    }
  });

  test('baselines: the largest neurons, rotated neurons, random directions', async () => {
    const hookpoint = 'layers.1.mlp.neurons';
    const dIn = checkpoint.hookpoints().find(({ name }) => name === hookpoint)!.width;
    const options = { hookpoint, dIn, workDir, seed: 11 };
    const coders = await Promise.all(['neurons:8', 'neurons:8:rotated', 'random:300:5'].map((text) => openBaseline(text, options)));
    const [hidden, ...found] = await run([{ hookpoint }, ...coders.map((coder) => ({ hookpoint, coder }))], ids, ROWS, LENGTH);
    for (const [i, coder] of coders.entries()) {
      const matrix = coder.encoder ? await readFloats(coder.encoder.tensor) : null;
      for (const token of [0, 17, 100]) {
        const x = hidden!.hidden!.subarray(token * dIn, (token + 1) * dIn);
        const p = matrix
          ? Float64Array.from({ length: coder.width }, (_, latent) => x.reduce((sum, value, d) => sum + value * matrix[latent * dIn + d]!, 0))
          : x;
        const best = [...p.keys()].sort((a, b) => p[b]! - p[a]!).slice(0, coder.k!);
        expect([...found[i]!.indices!.subarray(token * coder.k!, (token + 1) * coder.k!)], coder.dir).toEqual(best);
      }
    }
    const again = await openBaseline('random:300:5', options);
    expect(again.revision).toBe(coders[2]!.revision);
    expect((await openBaseline('random:300:5', { ...options, seed: 12 })).revision).not.toBe(again.revision);
  });

  test('a coder that does not fit, or a place that is not there, is refused with what would be right', async () => {
    const coder = await openSparseCoder(join(models, 'presidents-4m-coders', 'layers.2'));
    await expect(run([{ hookpoint: 'layers.2.mlp.neurons', coder }], ids, ROWS, LENGTH)).rejects.toMatchObject({
      code: 'shape_mismatch',
      message: expect.stringMatching(/256.*704/s) as string,
    });
    await expect(run([{ hookpoint: 'layers.4' }], ids, ROWS, LENGTH)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringMatching(/layers\.N\.mlp.*0 to 3/s) as string,
    });
    await expect(run([{ hookpoint: 'embed' }], Int32Array.of(4096), 1, 1)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(run([{ hookpoint: 'embed' }], Int32Array.of(1, 2, 3), 2, 2)).rejects.toMatchObject({ code: 'bad_request' });
  });
});
