import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openCachedDecoder } from '#gpu-worker/model/cached-decoder.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import type { Intervention, InterventionSite } from '#gpu-worker/model/intervention.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { readFloats } from '#gpu-worker/model/safetensors.ts';
import { openDecoder } from '#gpu-worker/sparse-coder/decode.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { GOLDEN, goldenFolders, readJson, relativeDifference } from './golden.ts';

const ids = Int32Array.of(7, 31, 5, 90, 12, 44, 3, 61);
const every = [...ids.keys()];
// The same sums in another order, through a whole small model.
const ROUNDING = 2e-5;

const checkpoints = await Promise.all((await goldenFolders('models')).map((name) => openCheckpoint(join(GOLDEN, 'models', name))));

async function logitsWith(checkpoint: Checkpoint, sites: InterventionSite[], interventions: Intervention[]): Promise<Float32Array> {
  const decoder = await openCachedDecoder({ checkpoint, sites, threads: 1 });
  const { logits } = await decoder.forward(decoder.start(Int32Array.of(0)), ids, every, interventions);
  await decoder.close();
  return logits;
}

async function hiddenAt(checkpoint: Checkpoint, hookpoint: string): Promise<Float32Array> {
  const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint }], threads: 1 });
  const [result] = await model.run(ids, 1, ids.length);
  await model.close();
  return result!.hidden!;
}

describe('a vector', () => {
  test('added to the last block’s output is what the head sees there, at its positions and nowhere else', async () => {
    const checkpoint = checkpoints.find(({ family }) => family === 'llama')!;
    const { dModel: d, vocabSize, spec, tensors } = checkpoint;
    const hookpoint = `layers.${checkpoint.nLayers - 1}`;
    const vector = Float32Array.from({ length: d }, (_, i) => Math.sin(i + 1));
    const found = await logitsWith(checkpoint, [{ kind: 'vector', hookpoint }], [{ site: 0, vector, from: 2, to: 5 }]);
    const hidden = await hiddenAt(checkpoint, hookpoint);
    const [scale, head] = [await readFloats(tensors(spec.finalNorm.weight)), await readFloats(tensors(spec.head.weight))];
    const expected = new Float32Array(found.length);
    every.forEach((token) => {
      const h = Float64Array.from({ length: d }, (_, i) => hidden[token * d + i]! + (token >= 2 && token < 5 ? vector[i]! : 0));
      const rms = Math.sqrt(h.reduce((sum, value) => sum + value * value, 0) / d + spec.finalNorm.eps);
      for (let v = 0; v < vocabSize; v++) expected[token * vocabSize + v] = h.reduce((sum, value, i) => sum + (value / rms) * scale[i]! * head[v * d + i]!, 0);
    });
    expect(relativeDifference(found, expected)).toBeLessThan(ROUNDING);
  });

  test.each(checkpoints.map((checkpoint) => [checkpoint.name, checkpoint] as const))(
    'of zeros changes nothing in %s, at any hookpoint, whole or token by token',
    async (_, checkpoint) => {
      const hookpoints = checkpoint.hookpoints().filter(({ name }) => name === 'embed' || name.startsWith('layers.1'));
      const sites = hookpoints.map(({ name }): InterventionSite => ({ kind: 'vector', hookpoint: name }));
      const zeros = hookpoints.map(({ width }, site): Intervention => ({ site, vector: new Float32Array(width) }));
      const plain = await logitsWith(checkpoint, [], []);
      expect(relativeDifference(await logitsWith(checkpoint, sites, []), plain)).toBeLessThan(ROUNDING);
      expect(relativeDifference(await logitsWith(checkpoint, sites, zeros), plain)).toBeLessThan(ROUNDING);
      // With the cache, an intervention meets its positions one run later: the same logits at the end.
      const late: Intervention[] = [{ site: 0, vector: Float32Array.from({ length: checkpoint.dModel }, (_v, i) => Math.sin(i + 1)), from: 3, to: 6 }];
      const whole = await logitsWith(checkpoint, sites, late);
      const decoder = await openCachedDecoder({ checkpoint, sites, threads: 1 });
      let cache = decoder.start(Int32Array.of(0));
      const steps = new Float32Array(whole.length);
      for (const token of every) {
        const result = await decoder.forward(cache, ids.slice(token, token + 1), [0], late);
        cache = result.cache;
        steps.set(result.logits, token * checkpoint.vocabSize);
      }
      await decoder.close();
      expect(relativeDifference(steps, whole)).toBeLessThan(ROUNDING);
      expect(relativeDifference(whole, plain)).toBeGreaterThan(1e-3);
    },
  );
});

describe('latents', async () => {
  const schema = z.object({ coder_path: z.string(), d_in: z.number(), d_out: z.number() });
  const candidates = (
    await Promise.all(
      (await goldenFolders('coders')).map(async (name) => {
        const golden = await readJson(schema, 'coders', name, 'golden.json');
        const checkpoint = golden.d_in === golden.d_out ? checkpoints.find(({ dModel }) => dModel === golden.d_in) : undefined;
        return checkpoint ? [[name, golden.coder_path, checkpoint] as const] : [];
      }),
    )
  ).flat();
  /** One coder of each way to compute, with a model whose width fits. */
  const fitting = [
    ...new Map(
      await Promise.all(
        candidates.map(async (candidate) => {
          const { activation, normalisation, encoder, decoder } = await openSparseCoder(join(GOLDEN, 'coders', candidate[0], candidate[1]));
          const way = [
            activation.kind,
            activation.kind === 'topk' && activation.rescale,
            normalisation,
            encoder?.layout,
            decoder?.layout,
            decoder?.scale === 1,
          ];
          return [way.join(), candidate] as const;
        }),
      ),
    ).values(),
  ];

  test('there are coders of every kind of activation among those tried', async () => {
    const coders = await Promise.all(fitting.map(([name, path]) => openSparseCoder(join(GOLDEN, 'coders', name, path))));
    expect(new Set(coders.map(({ activation }) => activation.kind))).toEqual(new Set(['topk', 'groupmax', 'relu', 'jumprelu', 'gated']));
    expect(new Set(coders.map(({ normalisation }) => normalisation))).toEqual(new Set(['none', 'constant_norm', 'layer_norm']));
  });

  test.each(fitting)('%s: setting latents changes the hidden state by the difference of the reconstructions', async (name, path, checkpoint) => {
    const coder = await openSparseCoder(join(GOLDEN, 'coders', name, path));
    const hookpoint = 'layers.1';
    const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint }, { hookpoint, coder }], threads: 1 });
    const [hidden, latents] = await model.run(ids, 1, ids.length);
    await model.close();
    const { indices, values, k } = latents as { indices: Int32Array; values: Float32Array; k: number };
    const position = every.find((token) => values.subarray(token * k, (token + 1) * k).some((value) => value > 0)) ?? 0;
    const here = values.subarray(position * k, (position + 1) * k);
    const place = here.findIndex((value) => value > 0);
    const active = indices[position * k + Math.max(0, place)]!;
    const activation = place < 0 ? 0 : here[place]!;
    const listed = new Set(indices.subarray(position * k, (position + 1) * k));
    const silent = [...Array(coder.width).keys()].find((latent) => !listed.has(latent))!;
    const sites: InterventionSite[] = [{ kind: 'latents', hookpoint, readAt: hookpoint, coder }];
    const at = { site: 0, from: position, to: position + 1 };

    const plain = await logitsWith(checkpoint, [], []);
    const same = await logitsWith(checkpoint, sites, [
      { ...at, latent: active, mode: 'set', value: activation },
      { ...at, latent: silent, mode: 'set', value: 0 },
    ]);
    expect(relativeDifference(same, plain)).toBeLessThan(ROUNDING);
    expect(relativeDifference(await logitsWith(checkpoint, sites, [{ ...at, latent: silent, mode: 'add', value: 0 }]), plain)).toBeLessThan(ROUNDING);

    const decode = await openDecoder(coder);
    const x = hidden!.hidden!.slice(position * coder.dIn, (position + 1) * coder.dIn);
    const decodeWith = (a: number, b: number): Float32Array => decode({ indices: Int32Array.of(active, silent), values: Float32Array.of(a, b), k: 2 }, x);
    const [before, after] = [decodeWith(activation, 0), decodeWith(3, 2)];
    const vector = after.map((value, i) => value - before[i]!);
    const byVector = await logitsWith(checkpoint, [{ kind: 'vector', hookpoint }], [{ site: 0, vector, from: position, to: position + 1 }]);
    const byLatent = await logitsWith(checkpoint, sites, [
      { ...at, latent: active, mode: 'set', value: 3 },
      { ...at, latent: silent, mode: 'add', value: 2 },
    ]);
    expect(relativeDifference(byLatent, byVector)).toBeLessThan(ROUNDING);
    expect(relativeDifference(byLatent, plain)).toBeGreaterThan(1e-4);
  });

  test('a site or a latent that does not fit is refused', async () => {
    const [name, path, checkpoint] = fitting[0]!;
    const coder = await openSparseCoder(join(GOLDEN, 'coders', name, path));
    const other = checkpoints.find(({ dModel }) => dModel !== checkpoint.dModel)!;
    await expect(
      openCachedDecoder({ checkpoint: other, sites: [{ kind: 'latents', hookpoint: 'layers.0', readAt: 'layers.0', coder }] }),
    ).rejects.toMatchObject({ code: 'shape_mismatch' });
    await expect(openCachedDecoder({ checkpoint, sites: [{ kind: 'latents', hookpoint: 'layers.0', readAt: 'layers.1', coder }] })).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(
      logitsWith(
        checkpoint,
        [{ kind: 'latents', hookpoint: 'layers.0', readAt: 'layers.0', coder }],
        [{ site: 0, latent: coder.width, mode: 'add', value: 1 }],
      ),
    ).rejects.toMatchObject({ code: 'bad_request' });
    await expect(logitsWith(checkpoint, [{ kind: 'vector', hookpoint: 'layers.0' }], [{ site: 0, vector: new Float32Array(3) }])).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(logitsWith(checkpoint, [], [{ site: 0, vector: new Float32Array(3) }])).rejects.toMatchObject({ code: 'bad_request' });
  });
});
