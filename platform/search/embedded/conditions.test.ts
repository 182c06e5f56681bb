import { describe, expect, test } from 'vitest';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { filtersCondition, foundCondition, Parameters, wordsCondition, wordsScore } from './conditions.ts';
import type { WordPlan } from './word-plan.ts';

const term = (word: string, weight: number): WordPlan['terms'][number] => ({
  weight,
  any: `'${word}':a`,
  alternatives: [{ query: `'${word}':a`, quality: 1 }],
});
const plan = (over: Partial<WordPlan>): WordPlan => ({ terms: [], totalWeight: 0, leastWeight: 0, phrases: null, ...over });

function written(write: (parameters: Parameters) => string | null): { sql: string | null; values: unknown[] } {
  const parameters = new Parameters();
  const sql = write(parameters);
  return { sql, values: parameters.values };
}

describe('the words of a query', () => {
  test('one word: no more than the index lookup', () => {
    const { sql, values } = written((parameters) => wordsCondition(plan({ terms: [term('whale', 5)], totalWeight: 5, leastWeight: 1.25 }), parameters));
    expect(sql).toBe('(words @@ $1::tsquery)');
    expect(values).toEqual(["('whale':a)"]);
  });

  test('words too common to suffice together are weighed but not looked up', () => {
    const terms = [term('whale', 5), term('such', 0.4), term('words', 0.2)];
    const { sql, values } = written((parameters) => wordsCondition(plan({ terms, totalWeight: 5.6, leastWeight: 1.4 }), parameters));
    expect(values[0]).toBe("('whale':a)");
    expect(sql).toBe(
      '(words @@ $1::tsquery AND (words @@ $2::tsquery)::int * $3::float8 + (words @@ $4::tsquery)::int * $5::float8 + (words @@ $6::tsquery)::int * $7::float8 >= $8::float8)',
    );
  });

  test('common words that suffice together are looked up', () => {
    const terms = [term('a', 3), term('b', 0.6), term('c', 0.6)];
    const { values } = written((parameters) => wordsCondition(plan({ terms, totalWeight: 4.2, leastWeight: 1.05 }), parameters));
    expect(values[0]).toBe("('c':a) | ('a':a)");
  });

  test('nothing known and no phrase is no condition, and leaves no parameter behind', () => {
    expect(written((parameters) => wordsCondition(plan({}), parameters))).toEqual({ sql: null, values: [] });
    expect(written((parameters) => foundCondition(plan({}), [], parameters))).toEqual({ sql: 'FALSE', values: [] });
    expect(written((parameters) => wordsScore(plan({}), parameters))).toEqual({ sql: '1', values: [] });
  });

  test('a phrase binds words and meaning alike', () => {
    const { sql } = written((parameters) => foundCondition(plan({ phrases: "'a':a <1> 'b':a" }), ['1'], parameters));
    expect(sql).toBe('((words @@ $1::tsquery) OR (id = ANY($3::bigint[]) AND words @@ $2::tsquery))');
  });
});

test('filters are parameters, whatever they hold', () => {
  const query = searchQuerySchema.parse({ method: ["x') OR TRUE --"], minScore: 0.5, maxFrequency: 0.1 });
  const { sql, values } = written((parameters) => filtersCondition(query, ['1', '2'], parameters));
  expect(sql).toBe('TRUE AND score_lower >= $1::float8 AND frequency <= $2::float8 AND coder_id = ANY($3::bigint[]) AND method = ANY($4::text[])');
  expect(values).toEqual([0.5, 0.1, ['1', '2'], ["x') OR TRUE --"]]);
  expect(written((parameters) => filtersCondition(searchQuerySchema.parse({}), null, parameters)).sql).toBe('TRUE');
});
