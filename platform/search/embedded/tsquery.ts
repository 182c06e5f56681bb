/** Pieces of PostgreSQL's tsquery language (“Text Search Types”), built from lexemes only: nothing typed gets in unquoted. */

/** Words as they stand have weight A in a text's head and B after it, English stems C and D: see upsert-entries. */
export type LexemeWeights = 'a' | 'ab' | 'c' | 'cd';

export function lexemeQuery(lexeme: string, weights: LexemeWeights): string {
  return `${quoteLexeme(lexeme)}:${weights}`;
}

export function prefixQuery(prefix: string, weights: LexemeWeights): string {
  return `${quoteLexeme(prefix)}:*${weights}`;
}

/** Words that must stand at these distances from each other. `words`: in order, positions strictly rising. */
export function phraseQuery(words: readonly { lexeme: string; position: number }[]): string {
  return words.map(({ lexeme, position }, i) => (i === 0 ? '' : ` <${position - words[i - 1]!.position}> `) + lexemeQuery(lexeme, 'ab')).join('');
}

export function anyOf(queries: readonly string[]): string {
  return queries.map((query) => `(${query})`).join(' | ');
}

export function allOf(queries: readonly string[]): string {
  return queries.map((query) => `(${query})`).join(' & ');
}

function quoteLexeme(lexeme: string): string {
  return `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
