import { expect, it } from 'vitest';
import type { Description, Pattern } from './describe.ts';
import { MAX_CHARACTERS, writeSentence } from './sentence.ts';

const word = (text: string, share = 0.3): Description['firing'][number] => ({ text, z: 5, share, windows: 5 });
const pattern = (kind: Pattern['kind'], value: string, share: number, lift = 20, examples: string[] = []): Pattern => ({ kind, value, share, lift, examples });
const ANY = pattern('piece', 'last piece', 0.3, 1);

it('names one word, some, and what stands near', () => {
  expect(writeSentence({ firing: [word('treasury')], around: [], patterns: [ANY] })).toBe('The word "treasury".');
  expect(writeSentence({ firing: [word('past'), word('next')], around: [word('years')], patterns: [ANY] })).toBe('The word "past" or "next", near "years".');
});

it('leads with a kind of word when words alone would miss many', () => {
  const firing = [word('March', 0.2), word('April', 0.2)];
  expect(writeSentence({ firing, around: [], patterns: [pattern('class', 'month', 0.9, 300, ['March', 'April'])] })).toBe(
    'Months, such as "March" and "April".',
  );
  expect(writeSentence({ firing: [word('March', 0.6), word('April', 0.4)], around: [], patterns: [pattern('class', 'month', 0.9, 300)] })).toBe(
    'The word "March" or "April".',
  );
});

it('prefers the kind that says more, and the narrower of two that say the same', () => {
  const number = pattern('shape', 'number', 0.9, 40);
  expect(writeSentence({ firing: [], around: [], patterns: [number, pattern('shape', 'year', 0.9, 80)] })).toBe('Years in digits.');
  expect(writeSentence({ firing: [], around: [], patterns: [number, pattern('shape', 'year', 0.9, 40)] })).toBe('Years in digits.');
});

it('names neighbours once', () => {
  const patterns = [pattern('previous', 'the', 0.8), pattern('previous2', 'of', 0.8), pattern('next', 'dollars', 0.7)];
  expect(writeSentence({ firing: [], around: [word('dollars')], patterns })).toBe('Words and marks after "of the" before "dollars".');
});

it('stays within its length, whatever the words', () => {
  const long = (c: string): Description['firing'][number] => word(c.repeat(40), 0.2);
  const text = writeSentence({ firing: [long('a'), long('b'), long('c'), long('d')], around: [long('e'), long('f')], patterns: [ANY] });
  expect(text.length).toBeLessThanOrEqual(MAX_CHARACTERS);
  expect(text.endsWith('.')).toBe(true);
});
