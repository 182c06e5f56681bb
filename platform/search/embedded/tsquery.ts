/** Pieces of PostgreSQL's tsquery language (“Text Search Types”), built from lexemes only: nothing typed gets in unquoted. */

/** `ab`: words as they stand; `cd`: English stems; the first of each where the text begins. See upsert-entries. */
export type LexemeWeight = 'ab' | 'cd';

export function lexemeQuery(lexeme: string, weight: LexemeWeight): string {
  return `${quoteLexeme(lexeme)}:${weight}`;
}

export function prefixQuery(prefix: string, weight: LexemeWeight): string {
  return `${quoteLexeme(prefix)}:*${weight}`;
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
