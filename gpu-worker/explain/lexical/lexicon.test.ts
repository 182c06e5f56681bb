import { expect, it } from 'vitest';
import { lexiconOf } from './lexicon.ts';

it('has a lexicon of its own for every token table', () => {
  const table = { text: (): string => ' a' };
  expect(lexiconOf(table)).toBe(lexiconOf(table));
  expect(lexiconOf(table)).not.toBe(lexiconOf({ text: table.text }));
});
