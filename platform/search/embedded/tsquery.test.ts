import { expect, test } from 'vitest';
import { allOf, anyOf, lexemeQuery, phraseQuery, prefixQuery } from './tsquery.ts';

test('quotes whatever a lexeme holds', () => {
  expect(lexemeQuery("o'neil", 'ab')).toBe("'o''neil':ab");
  expect(lexemeQuery("\\' | 'x", 'cd')).toBe("'\\\\'' | ''x':cd");
  expect(prefixQuery('rail', 'ab')).toBe("'rail':*ab");
});

test('a phrase keeps the distances of its words', () => {
  expect(
    phraseQuery([
      { lexeme: 'state', position: 1 },
      { lexeme: 'union', position: 4 },
    ]),
  ).toBe("'state':ab <3> 'union':ab");
  expect(phraseQuery([{ lexeme: 'war', position: 7 }])).toBe("'war':ab");
});

test('joins whole queries', () => {
  expect(anyOf(["'a':a", "'b':a"])).toBe("('a':a) | ('b':a)");
  expect(allOf(["'a':a <1> 'b':a", "'c':a"])).toBe("('a':a <1> 'b':a) & ('c':a)");
});
