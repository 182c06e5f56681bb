/** What a stretch of text is: part of a word, of a number, a mark, a line break, or nothing but blanks. */
export type UnitKind = 'word' | 'number' | 'mark' | 'break' | 'blank';

const LETTER = /\p{L}/u;
const DIGIT = /\p{N}/u;

/** The kind of a token's text, by its first character that is not a space. */
export function unitKind(text: string): UnitKind {
  const core = text.replace(/^[ \t]+/, '');
  if (core === '') return 'blank';
  if (/^\s/.test(core)) return 'break';
  const first = String.fromCodePoint(core.codePointAt(0)!);
  if (LETTER.test(first)) return 'word';
  if (DIGIT.test(first)) return 'number';
  // Tokenizers cut contractions as ’ve, ’s, n’t: the apostrophe belongs to the word.
  if (/^['’]\p{L}/u.test(core)) return 'word';
  return 'mark';
}

const MARK_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^,/, 'comma'],
  [/^\.\.\.|^…/, 'ellipsis'],
  [/^\./, 'full stop'],
  [/^[;:]/, 'colon or semicolon'],
  [/^\?/, 'question mark'],
  [/^!/, 'exclamation mark'],
  [/^["“”«»„]/, 'quotation mark'],
  [/^['’‘]/, 'apostrophe'],
  [/^[()[\]{}<>]/, 'bracket'],
  [/^[-–—]/, 'dash'],
  [/^[$£€¥]/, 'currency sign'],
  [/^%/, 'per cent sign'],
];

/**
 * How a word, number or mark looks, most telling first: “year”, “number”, “all capitals”, “capitalised”, “comma”, …
 * None for a word in small letters.
 */
export function shapesOf(kind: UnitKind, text: string): string[] {
  if (kind === 'word') {
    const letters = text.replace(/[^\p{L}]/gu, '');
    if (letters.length > 1 && letters === letters.toUpperCase() && letters !== letters.toLowerCase()) return ['all capitals'];
    const first = String.fromCodePoint(letters.codePointAt(0) ?? 32);
    return first !== first.toLowerCase() ? ['capitalised'] : [];
  }
  if (kind === 'number') return /^(1[5-9]|20)\d\d$/.test(text) ? ['year', 'number'] : ['number'];
  if (kind === 'mark') return [MARK_NAMES.find(([pattern]) => pattern.test(text))?.[1] ?? 'symbol', 'punctuation'];
  if (kind === 'break') return ['line break'];
  return [];
}
