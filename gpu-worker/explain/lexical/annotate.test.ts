import { expect, it } from 'vitest';
import { annotate } from './annotate.ts';
import { annotateWindow } from './annotated-windows.ts';
import { Lexicon } from './lexicon.ts';

const TEXTS = ['The', ' trea', 'su', 'ry', ' of', ' 18', '12', ',', ' we', "'ve", '.', '\n', ' Spain', ' ', ' revenue'];
const ids = (...texts: string[]): Int32Array => Int32Array.from(texts, (text) => TEXTS.indexOf(text));

function featuresOf(tokens: Int32Array, before?: Int32Array): string[][] {
  const lexicon = new Lexicon({ text: (id) => TEXTS[id]! });
  const { offsets, features } = annotate(lexicon, tokens, before);
  return Array.from(tokens, (_, i) =>
    [...features.subarray(offsets[i], offsets[i + 1])].map((f) => `${lexicon.kindOf(f)}:${lexicon.textOf(lexicon.valueOf(f))}`),
  );
}

it('puts words together across tokens and tells the pieces apart', () => {
  const [, trea, su, ry] = featuresOf(ids('The', ' trea', 'su', 'ry', ' of'));
  expect(trea).toEqual(['token: trea', 'word:treasury', 'start:trea', 'piece:first piece', 'previous:the', 'previousKind:article', 'next:of']);
  expect(su).toEqual(['token:su', 'word:treasury', 'start:treasu', 'piece:middle piece', 'previous:the', 'previousKind:article', 'next:of']);
  expect(ry).toContain('piece:last piece');
});

it('joins digits and contractions, but nothing across a space or a mark', () => {
  const features = featuresOf(ids(' 18', '12', ',', ' we', "'ve", '.'));
  expect(features[0]).toEqual(expect.arrayContaining(['word:1812', 'shape:year', 'shape:number', 'next:,']));
  expect(features[4]).toEqual(expect.arrayContaining(["word:we've", 'previous:,', 'previousKind:comma', 'previous2:1812']));
});

it('knows where sentences and lines start, and remembers content words', () => {
  const features = featuresOf(ids(' trea', 'su', 'ry', '.', '\n', ' Spain', ' of', ' revenue'));
  expect(features[5]).toEqual(expect.arrayContaining(['place:sentence start', 'place:line start', 'shape:capitalised', 'nearby:treasury']));
  expect(features[7]).toEqual(expect.arrayContaining(['nearby:treasury', 'nearby:spain']));
  expect(features[7]).not.toContain('nearby:of');
});

it('reads what stands before as context only: cutting a text changes nothing but its right edge', () => {
  const text = ids('The', ' trea', 'su', 'ry', ' of', ' Spain', ',', ' 18', '12', '.');
  const whole = featuresOf(text);
  for (let cut = 1; cut < text.length; cut++) expect(featuresOf(text.subarray(cut), text.subarray(0, cut))).toEqual(whole.slice(cut));
});

it('steps over blanks when it looks for neighbours', () => {
  expect(featuresOf(ids('The', ' ', ' revenue'))[2]).toContain('previous:the');
});

it('stops growing a word that has no end', () => {
  const lexicon = new Lexicon({ text: () => 'abcdefgh' });
  const { units } = annotate(lexicon, new Int32Array(500));
  expect(new Set(units).size).toBe(1);
  expect(units[0]!.text.length).toBeLessThanOrEqual(40);
});

it('gives a remembered window what it gave it first, and another window its own', () => {
  const lexicon = new Lexicon({ text: (id) => TEXTS[id]! });
  const first = annotateWindow(lexicon, ids('The', ' trea', 'su'), ids(' of'));
  expect(annotateWindow(lexicon, ids('The', ' trea', 'su'), ids(' of'))).toBe(first);
  expect(annotateWindow(lexicon, ids('The', ' trea', 'ry'), ids(' of')).features).not.toEqual(first.features);
  expect(annotateWindow(lexicon, ids('The', ' trea', 'su')).features).not.toEqual(first.features);
});
