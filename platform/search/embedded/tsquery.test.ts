import { expect, test } from 'vitest';
import { allOf, anyOf, lexemeQuery, phraseQuery, prefixQuery } from './tsquery.ts';

test('quotes whatever a lexeme holds', () => {
  expect(lexemeQuery("o'neil", 'a')).toBe("'o''neil':a");
  expect(lexemeQuery("\\' | 'x", 'd')).toBe("'\\\\'' | ''x':d");
  expect(prefixQuery('rail', 'a')).toBe("'rail':*a");
});

test('a phrase keeps the distances of its words', () => {
  expect(
    phraseQuery([
      { lexeme: 'state', position: 1 },
      { lexeme: 'union', position: 4 },
    ]),
  ).toBe("'state':a <3> 'union':a");
  expect(phraseQuery([{ lexeme: 'war', position: 7 }])).toBe("'war':a");
});

test('joins whole queries', () => {
  expect(anyOf(["'a':a", "'b':a"])).toBe("('a':a) | ('b':a)");
  expect(allOf(["'a':a <1> 'b':a", "'c':a"])).toBe("('a':a <1> 'b':a) & ('c':a)");
});
