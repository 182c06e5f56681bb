import { expect, test } from 'vitest';
import { blockKey, takedownKeys } from './document-key.ts';

test('a block goes when its document goes, and a document only by its own name', () => {
  expect(takedownKeys(blockKey('letters/1850.txt', 12))).toEqual(['letters/1850.txt#12', 'letters/1850.txt']);
  for (const key of ['letters/1850.txt', '#3', 'a#b', 'a#3b', 'a#']) expect(takedownKeys(key)).toEqual([key]);
  expect(takedownKeys('a#2#3')).toEqual(['a#2#3', 'a#2']);
});
