import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { GOLDEN, goldenFolders, readJson, readTensors, relativeDifference } from './golden.ts';

const tokensSchema = z.object({ input_ids: z.array(z.array(z.number())) });
const goldenSchema = z.object({ tolerance: z.number() });

const folders = await goldenFolders('models');

describe.each(folders)('%s', (name) => {
  test('every hookpoint and the logits agree with transformers', async () => {
    const { input_ids: rows } = await readJson(tokensSchema, 'models', name, 'tokens.json');
    const { tolerance } = await readJson(goldenSchema, 'models', name, 'golden.json');
    const expected = await readTensors('models', name, 'expected.safetensors');
    const checkpoint = await openCheckpoint(join(GOLDEN, 'models', name));
    const hookpoints = [...expected.keys()];
    expect(new Set(hookpoints)).toEqual(new Set([...checkpoint.hookpoints().map((h) => h.name), 'logits']));
    const model = await openInstrumentedModel({ checkpoint, taps: hookpoints.map((hookpoint) => ({ hookpoint })), threads: 1 });
    const length = rows[0]!.length;
    const results = await model.run(Int32Array.from(rows.flat()), rows.length, length);
    const differences = hookpoints.map((hookpoint, i) => ({ hookpoint, difference: relativeDifference(results[i]!.hidden!, expected.get(hookpoint)!.data) }));
    expect(differences.filter(({ difference }) => !(difference <= tolerance))).toEqual([]);
    await model.close();
  });
});
