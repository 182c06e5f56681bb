/** How a token looks, whatever it means: what a reader without the explanation could tell a highlight by. */
export const TOKEN_CLASSES = ['word', 'piece', 'capitalised', 'capitals', 'digits', 'punctuation', 'space', 'mixed'] as const;
export type TokenClass = (typeof TOKEN_CLASSES)[number];

/** Natural logarithm of how often a token's text occurs, in a thousand tokens of the corpus; finite for tokens never seen. */
export type TokenFrequency = (token: string) => number;

/** The class of a token's text: `word` begins with a space, `piece` carries one on. */
export function tokenClass(text: string): TokenClass {
  const bare = text.trim();
  if (bare === '') return 'space';
  if (/^\p{N}[\p{N}.,]*$/u.test(bare)) return 'digits';
  if (!/[\p{L}\p{N}]/u.test(bare)) return 'punctuation';
  if (!/^\p{L}[\p{L}\p{M}’'-]*$/u.test(bare)) return 'mixed';
  if (/^\p{Lu}{2,}$/u.test(bare)) return 'capitals';
  if (/^\p{Lu}/u.test(bare)) return 'capitalised';
  return /^\s/.test(text) ? 'word' : 'piece';
}

const traitsOf = new WeakMap<TokenFrequency, Map<string, { of: number; log: number }>>();

/** Class and log frequency of token texts, each worked out once for a corpus: exams share most of theirs. */
export function tokenTraits(frequency: TokenFrequency): (text: string) => { of: number; log: number } {
  let known = traitsOf.get(frequency);
  if (known === undefined) traitsOf.set(frequency, (known = new Map()));
  const all = known;
  return (text) => {
    let traits = all.get(text);
    if (traits === undefined) all.set(text, (traits = { of: TOKEN_CLASSES.indexOf(tokenClass(text)), log: frequency(text) }));
    return traits;
  };
}

/** Frequencies counted over texts of tokens, with one half added so that a token never seen has one too. */
export function countTokenFrequency(counts: ReadonlyMap<string, number>): TokenFrequency {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return (token) => Math.log((1000 * ((counts.get(token) ?? 0) + 0.5)) / Math.max(1, total));
}

/** How often each token's text occurs in some windows. */
export function tokenCounts(windows: Iterable<{ tokens: readonly string[] }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { tokens } of windows) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
