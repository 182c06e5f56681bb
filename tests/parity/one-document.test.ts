import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeTextRows } from '#gpu-worker/activations/collect/text-rows.ts';
import { readDataSet } from '#gpu-worker/activations/data-set.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { listedText } from '#tests/doubles/listed-text.ts';
import { GOLDEN } from './golden.ts';

test('a text of one document is cut into contiguous stretches with a gap, and the names say so', async () => {
  const model = join(GOLDEN, '..', '..', 'models', 'presidents-4m');
  const checkpoint = await openCheckpoint(model);
  const words = Array.from({ length: 12_000 }, (_, i) => `${['the', 'people', 'of', 'these', 'states'][i % 5]} ${i}`).join(' ');
  const artifacts = memoryArtifacts();
  const bos = checkpoint.bosTokenId!;
  await writeTextRows(
    artifacts,
    'k',
    { checkpoint, bos, source: listedText([{ key: 'one', content: words }]), seed: 1, tokens: 20_000 },
    async () => undefined,
  );
  const { rows, documents, document, tokens, length } = await readDataSet(artifacts, 'k');
  expect(documents.every(({ key }, i) => key === `one#${i + 1}`)).toBe(true);
  const sides = documents.map(({ split }) => split);
  expect(sides).toEqual(['train', 'test', 'reserve'].flatMap((side) => sides.filter((own) => own === side)));
  expect([...document]).toEqual([...document].sort((a, b) => a - b));
  // Each row's first tokens tell where in the text it stands: between two sides, two rows of it are missing.
  const ids = (await openTokenizer(model)).encode(words);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (row > 0 && sides[document[row]!] !== sides[document[row - 1]!]) at += 2 * 255;
    expect([...tokens.subarray(row * 256 + 1, row * 256 + length[row]!)]).toEqual([...ids.subarray(at, at + 255)]);
    at += 255;
  }
  const tokensOn = (side: string): number => document.reduce((sum, d, row) => sum + (sides[d] === side ? length[row]! - 1 : 0), 0);
  for (const [side, share] of [['train', 0.5], ['test', 0.35], ['reserve', 0.15]] as const) expect(Math.abs(tokensOn(side) / (255 * rows) - share)).toBeLessThan(0.02); // prettier-ignore
});

test('a text whose documents are all shorter than a window makes no rows, and is refused', async () => {
  const checkpoint = await openCheckpoint(join(GOLDEN, '..', '..', 'models', 'presidents-4m'));
  const artifacts = memoryArtifacts();
  const source = listedText(Array.from({ length: 40 }, (_, i) => ({ key: `${i}`, content: 'The people of these states.' })));
  const written = writeTextRows(artifacts, 'k', { checkpoint, bos: checkpoint.bosTokenId!, source, seed: 1, tokens: 20_000 }, async () => undefined);
  await expect(written).rejects.toMatchObject({ code: 'bad_request', field: 'text', message: expect.stringContaining('32 tokens') });
  expect(artifacts.files.size).toBe(0);
});
