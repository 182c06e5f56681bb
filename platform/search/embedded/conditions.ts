import type { SearchQuery } from '#lib/search/schema.ts';
import { anyOf } from './tsquery.ts';
import type { WordPlan, WordTerm } from './word-plan.ts';

/** Collects the parameters of one statement; `add` returns the placeholder to write in its place. */
export class Parameters {
  readonly values: unknown[] = [];

  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** SQL that is true of entries the words find; null when no word of the query is in the index. */
export function wordsCondition(plan: WordPlan, parameters: Parameters): string | null {
  const conditions: string[] = [];
  if (plan.terms.length > 0) {
    conditions.push(`words @@ ${parameters.add(anyOf(telling(plan).map((term) => term.any)), 'tsquery')}`);
  }
  if (plan.terms.some((term) => term.weight < plan.leastWeight)) {
    const coverage = plan.terms.map((term) => `(words @@ ${parameters.add(term.any, 'tsquery')})::int * ${parameters.add(term.weight, 'float8')}`);
    conditions.push(`${coverage.join(' + ')} >= ${parameters.add(plan.leastWeight, 'float8')}`);
  }
  if (plan.phrases !== null) conditions.push(`words @@ ${parameters.add(plan.phrases, 'tsquery')}`);
  return conditions.length > 0 ? `(${conditions.join(' AND ')})` : null;
}

/**
 * Terms of which every entry with enough weight has at least one. The commonest words, which together would not reach
 * it, need not be looked up: of “words such as whale” the index is asked for “whale” alone.
 */
function telling({ terms, leastWeight }: WordPlan): WordTerm[] {
  const commonestFirst = terms.toSorted((a, b) => a.weight - b.weight);
  let skipped = 0;
  let sum = 0;
  while (skipped < commonestFirst.length && sum + commonestFirst[skipped]!.weight < leastWeight) sum += commonestFirst[skipped++]!.weight;
  return commonestFirst.slice(skipped);
}

/** SQL of how well the words fit, in [0, 1]: every word at the quality of its best match, weighed by its rarity. */
export function wordsScore(plan: WordPlan, parameters: Parameters): string {
  if (plan.terms.length === 0) return '1';
  const parts = plan.terms.map(({ alternatives, weight }) => {
    const cases = alternatives.map(({ query, quality }) => `WHEN words @@ ${parameters.add(query, 'tsquery')} THEN ${parameters.add(quality, 'float8')}`);
    return `${parameters.add(weight, 'float8')} * CASE ${cases.join(' ')} ELSE 0 END`;
  });
  return `(${parts.join(' + ')}) / ${parameters.add(plan.totalWeight, 'float8')}`;
}

/** SQL of what is found at all: by words or by meaning, and every phrase either way. */
export function foundCondition(plan: WordPlan | null, meaning: readonly string[], parameters: Parameters): string {
  if (plan === null) return 'TRUE';
  const either: string[] = [];
  const words = wordsCondition(plan, parameters);
  if (words !== null) either.push(words);
  if (meaning.length > 0) either.push(meaningCondition(plan, meaning, parameters));
  return either.length > 0 ? `(${either.join(' OR ')})` : 'FALSE';
}

/** SQL that is true of entries found by meaning. Quotation marks ask for the words as they stand, of these as well. */
export function meaningCondition(plan: WordPlan, meaning: readonly string[], parameters: Parameters): string {
  const phrases = plan.phrases === null ? '' : ` AND words @@ ${parameters.add(plan.phrases, 'tsquery')}`;
  return `(id = ANY(${parameters.add(meaning, 'bigint[]')})${phrases})`;
}

/** SQL of the filters that are not facets: bounds of score and frequency. */
export function boundsCondition(query: SearchQuery, parameters: Parameters): string {
  const conditions = ['TRUE'];
  if (query.minScore !== undefined) conditions.push(`score_lower >= ${parameters.add(query.minScore, 'float8')}`);
  if (query.minFrequency !== undefined) conditions.push(`frequency >= ${parameters.add(query.minFrequency, 'float8')}`);
  if (query.maxFrequency !== undefined) conditions.push(`frequency <= ${parameters.add(query.maxFrequency, 'float8')}`);
  return conditions.join(' AND ');
}

/** SQL of all filters. `coderIds`: coders that pass the filters of model, coder, layer and hookpoint; null for all. */
export function filtersCondition(query: SearchQuery, coderIds: readonly string[] | null, parameters: Parameters): string {
  const conditions = [boundsCondition(query, parameters)];
  if (coderIds !== null) conditions.push(`coder_id = ANY(${parameters.add(coderIds, 'bigint[]')})`);
  if (query.method.length > 0) conditions.push(`method = ANY(${parameters.add(query.method, 'text[]')})`);
  return conditions.join(' AND ');
}
