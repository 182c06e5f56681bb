import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import type { TokenLikelihood } from '#gpu-worker/model/likelihood-graph.ts';
import { openTextLikelihood } from '#gpu-worker/model/text-likelihood.ts';
import { GOLDEN, goldenFolders, readJson, readTensors } from './golden.ts';

const tokensSchema = z.object({ input_ids: z.array(z.array(z.number())) });
const folders = await goldenFolders('models');
/** Of a logarithm of a probability, in nats: single precision over the blocks, and a sum over the vocabulary. */
const TOLERANCE = 1e-4;

/** transformers' logits of one place as log-probabilities, summed in double precision. */
function logSoftmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return Float64Array.from(logits, (logit) => logit - largest - Math.log(sum));
}

describe.each(folders)('%s', (name) => {
  test('log-probabilities of tokens and of alternatives agree with transformers, whatever is read beside or before a text', async () => {
    const { input_ids: rows } = await readJson(tokensSchema, 'models', name, 'tokens.json');
    const { data } = (await readTensors('models', name, 'expected.safetensors')).get('logits')!;
    const checkpoint = await openCheckpoint(join(GOLDEN, 'models', name));
    const { vocabSize } = checkpoint;
    const reader = await openTextLikelihood({ checkpoint, threads: 1 });
    const length = rows[0]!.length;
    // With dynamic scaling a shorter text's logits are not the whole row's.
    const whole = Object.values(checkpoint.spec.ropes).some(({ scaling }) => scaling?.kind === 'dynamic');
    const text = (row: number, tokens: number): Int32Array => Int32Array.from(rows[row]!.slice(0, whole ? length : tokens));
    const agrees = (row: number, read: readonly TokenLikelihood[], top: number): void => {
      expect(read[0]).toEqual({ logprob: null, top: [] });
      for (let i = 1; i < read.length; i++) {
        const at = (row * length + i - 1) * vocabSize;
        const expected = logSoftmax(data.subarray(at, at + vocabSize));
        expect(Math.abs(read[i]!.logprob! - expected[rows[row]![i]!]!)).toBeLessThanOrEqual(TOLERANCE);
        expect(read[i]!.top).toHaveLength(top);
        for (const { id, logprob } of read[i]!.top) expect(Math.abs(logprob - expected[id]!)).toBeLessThanOrEqual(TOLERANCE);
        const ranked = expected.toSorted((a, b) => b - a);
        read[i]!.top.forEach(({ logprob }, k) => expect(Math.abs(logprob - ranked[k]!)).toBeLessThanOrEqual(TOLERANCE));
      }
    };
    const half = Math.floor(length / 2);
    // Alone; then continuing what is known; side by side behind a shared beginning; with nothing shared; then the first again.
    const calls: [row: number, tokens: number][][] = [
      [[0, half]],
      [[0, length]],
      [[0, length], [0, half], [0, half + 3], [0, length]],
      rows.map((_, row) => [row, length]),
      [[0, 2]],
      [[0, 1]],
      [[0, length]],
    ]; // prettier-ignore
    for (const [n, call] of calls.entries()) {
      const top = [0, 3, 3, 1, 5, 0, 3][n]!;
      const read = await reader.read(
        call.map(([row, tokens]) => text(row, tokens)),
        top,
      );
      expect(read.map((one) => one.length)).toEqual(call.map(([row, tokens]) => text(row, tokens).length));
      call.forEach(([row], i) => agrees(row, read[i]!, top));
    }
    await expect(reader.read([new Int32Array(0)], 0)).rejects.toMatchObject({ code: 'bad_request' });
    await expect(reader.read([Int32Array.of(vocabSize)], 0)).rejects.toMatchObject({ code: 'bad_request' });
    await reader.close();
  });
});
