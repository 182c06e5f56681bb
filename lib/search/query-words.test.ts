import { expect, test } from 'vitest';
import { normaliseWords, parseQueryWords } from './query-words.ts';

test('parts phrases from free words', () => {
  expect(parseQueryWords('gold "War with Spain" silver')).toEqual({ free: 'gold silver', phrases: ['war with spain'], openEnded: true });
  expect(parseQueryWords('“state of the Union”')).toEqual({ free: '', phrases: ['state of the union'], openEnded: false });
});

test('the last word is open unless a phrase or a sign closes it', () => {
  expect(parseQueryWords('rail').openEnded).toBe(true);
  expect(parseQueryWords('rail ').openEnded).toBe(true);
  expect(parseQueryWords('rail "way"').openEnded).toBe(false);
  expect(parseQueryWords('rail.').openEnded).toBe(false);
});

test('a lone quotation mark and empty quotes are ignored', () => {
  expect(parseQueryWords('say "hello')).toEqual({ free: 'say hello', phrases: [], openEnded: true });
  expect(parseQueryWords('"" "  ." x')).toEqual({ free: 'x', phrases: [], openEnded: true });
  expect(parseQueryWords('').free).toBe('');
});

test('normalises case, compatibility forms and signs of any script', () => {
  expect(normaliseWords("The nation's AND/OR U.S. tax-payer")).toBe('the nation s and or u s tax payer');
  expect(normaliseWords('ﬁnance № 5')).toBe('finance no 5');
  expect(normaliseWords('Москва ÉCOLE')).toBe('москва école');
  expect(normaliseWords("'); DROP TABLE search_entries; --")).toBe('drop table search entries');
  expect(normaliseWords('… ! 🙂')).toBe('');
});
