import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openCachedDecoder } from '#gpu-worker/model/cached-decoder.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { continuationLogProbabilities, generate } from '#gpu-worker/model/generate.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { logProbability } from '#gpu-worker/model/sampling.ts';
import { GOLDEN, goldenFolders, readJson } from './golden.ts';

const goldenSchema = z.object({ greedy: z.object({ prompt_ids: z.array(z.number()), generated_ids: z.array(z.number()) }) });
const folders = await goldenFolders('models');

describe.each(folders)('%s', (name) => {
  test('continues greedily like transformers, with the cache, without it, and beside other rows', async () => {
    const { greedy } = await readJson(goldenSchema, 'models', name, 'golden.json');
    const prompt = Int32Array.from(greedy.prompt_ids);
    const checkpoint = await openCheckpoint(join(GOLDEN, 'models', name));
    const decoder = await openCachedDecoder({ checkpoint, threads: 1 });
    const options = { maxTokens: greedy.generated_ids.length, stopIds: [] };
    const [alone] = await generate(decoder, [prompt], options);
    expect([...alone!]).toEqual(greedy.generated_ids);
    const beside = await generate(decoder, [prompt.slice(0, 3), prompt, prompt.slice(2)], options);
    expect([...beside[1]!]).toEqual(greedy.generated_ids);
    expect([...beside[0]!]).toEqual([...(await generate(decoder, [prompt.slice(0, 3)], options))[0]!]);

    const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint: 'logits' }], threads: 1 });
    const tokens = [...prompt];
    const expected: number[] = [];
    for (const next of greedy.generated_ids) {
      const [result] = await model.run(Int32Array.from(tokens), 1, tokens.length);
      const last = result!.hidden!.subarray(-checkpoint.vocabSize);
      expect(last.indexOf(last.reduce((a, b) => Math.max(a, b)))).toBe(next);
      expected.push(logProbability(last, next));
      tokens.push(next);
    }
    // A shared prefix read once: the same log-probabilities as whole passes, for continuations of any length.
    const continuation = Int32Array.from(greedy.generated_ids);
    const found = await continuationLogProbabilities(decoder, prompt, [continuation, continuation.slice(0, 4), continuation.slice(0, 1), new Int32Array(0)]);
    expected.forEach((value, i) => expect(found[0]![i]).toBeCloseTo(value, 4));
    [4, 1, 0].forEach((length, i) =>
      expect([...found[i + 1]!].map((value) => value.toFixed(4))).toEqual(expected.slice(0, length).map((value) => value.toFixed(4))),
    );
    await model.close();
    await decoder.close();
  });
});
