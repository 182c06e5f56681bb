import { expect, it } from 'vitest';
import { annotate } from './annotate.ts';
import { buildBackground, countOf, windowsWith } from './background.ts';
import { lexiconOf } from './lexicon.ts';

const TEXTS = [' war', ' peace', ' the', '.', ' ship', 's'];
const table = { text: (id: number): string => TEXTS[id]! };
// Long enough to make the arrays grow, of two lengths, with a last window that is not whole.
const rows = Array.from({ length: 30 }, (_, r) => Int32Array.from({ length: r % 2 === 0 ? 96 : 70 }, (_, i) => (i * 7 + r * r) % TEXTS.length));

it('counts features and windows as counting one by one does', () => {
  const background = buildBackground(rows, table);
  const lexicon = lexiconOf(table);
  const counts = new Map<number, number>();
  for (const row of rows) for (const feature of annotate(lexicon, row).features) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  for (const [feature, count] of counts) expect(countOf(background, feature)).toBe(count);
  const war = lexicon.intern('war');
  const windows = rows.flatMap((row) => Array.from({ length: Math.ceil(row.length / 32) }, (_, w) => row.subarray(32 * w, 32 * w + 32)));
  expect(background.windows).toBe(windows.length);
  expect(windowsWith(background, war)).toBe(windows.filter((w) => w.includes(0)).length);
  expect(countOf(background, 10 ** 9)).toBe(0);
});

it('keeps whole windows whose postings and features are each other turned round', () => {
  const { sample } = buildBackground(rows, table);
  expect(sample.tokens).toBe(32 * (sample.windowStarts.length - 1));
  const pairs = new Set<string>();
  for (let f = 0; f + 1 < sample.offsets.length; f++)
    for (const token of sample.postings.subarray(sample.offsets[f], sample.offsets[f + 1])) pairs.add(`${token} ${f}`);
  let features = 0;
  for (let token = 0; token < sample.tokens; token++) {
    for (const feature of sample.features.subarray(sample.tokenOffsets[token], sample.tokenOffsets[token + 1])) {
      features++;
      expect(pairs.has(`${token} ${feature}`)).toBe(true);
    }
  }
  expect(features).toBe(sample.postings.length);
});

it('stands an empty corpus', () => {
  expect(buildBackground([], table)).toMatchObject({ tokens: 0, windows: 0 });
});
