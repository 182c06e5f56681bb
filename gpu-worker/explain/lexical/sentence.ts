import type { Description, Pattern, WordEvidence } from './describe.ts';
import { isContentWord } from './word-classes.ts';

/** The site cuts nothing: a sentence stays within this. */
export const MAX_CHARACTERS = 200;
const MAX_FIRING_WORDS = 4;
/** Down to this many, words seen in one window only are named too. */
const FEW_FIRING_WORDS = 2;
const MAX_WORDS_AROUND = 3;
/** A word is named when the evidence for it is this many standard errors; of those around, the commonest are. */
const MIN_FIRING_Z = 2;
const MIN_AROUND_Z = 3.5;
/** A pattern leads the sentence when most firing tokens share it and words alone would miss many of them. */
const LEADING_SHARE = 0.6;
const LEADING_LIFT = 4;
/** A neighbour is named when it stands beside this share of the firing tokens, this many times as often as elsewhere. */
const NEIGHBOUR_SHARE = 0.4;
const NEIGHBOUR_LIFT = 4;

/** One short English sentence that names the strongest evidence: the words or the kind of word, their neighbours, and what stands near. */
export function writeSentence({ firing, around, patterns }: Description): string {
  const words = pickFiring(firing);
  const covered = words.reduce((sum, word) => sum + word.share, 0);
  const lead = leadingPattern(patterns, covered);
  const named = new Set(words.map(({ text }) => text.toLowerCase()));
  const context = neighbours(patterns, named);
  const near = around
    .filter(({ text, z }) => z >= MIN_AROUND_Z && isContentWord(text.toLowerCase()) && !named.has(text.toLowerCase()))
    .sort((a, b) => b.share - a.share)
    .slice(0, MAX_WORDS_AROUND);
  const parts = [lead === null ? wordHead(words) : patternHead(lead), lead !== null && context !== '' ? `,${context}` : context, near.length === 0 ? '' : `, near ${list(near, 'or')}`];
  // Dropped from the end, least evidence first, in the rare case of very long words.
  while (parts.join('').length >= MAX_CHARACTERS && parts.length > 1) parts.pop();
  return `${parts.join('').slice(0, MAX_CHARACTERS - 1)}.`;
}

/** Words of several windows first; those of one only when there are hardly any others. */
function pickFiring(firing: readonly WordEvidence[]): WordEvidence[] {
  const clear = firing.filter(({ z }) => z >= MIN_FIRING_Z);
  const often = clear.filter(({ windows }) => windows > 1).slice(0, MAX_FIRING_WORDS);
  if (often.length >= FEW_FIRING_WORDS) return often;
  return [...often, ...clear.filter(({ windows }) => windows === 1)].slice(0, FEW_FIRING_WORDS);
}

function wordHead(words: readonly WordEvidence[]): string {
  if (words.length === 0) return 'No word or mark in particular';
  return words.length === 1 ? `The word ${quote(words[0]!)}` : `The words ${list(words, 'and')}`;
}

/** What a shape, class or suffix is called in a sentence. */
const NAMES: Readonly<Record<string, string>> = {
  'shape year': 'Years in digits',
  'shape number': 'Numbers in digits',
  'shape all capitals': 'Words in capitals',
  'shape capitalised': 'Capitalised words',
  'shape comma': 'Commas',
  'shape full stop': 'Full stops',
  'shape colon or semicolon': 'Colons and semicolons',
  'shape question mark': 'Question marks',
  'shape exclamation mark': 'Exclamation marks',
  'shape ellipsis': 'Ellipses',
  'shape quotation mark': 'Quotation marks',
  'shape apostrophe': 'Apostrophes',
  'shape bracket': 'Brackets',
  'shape dash': 'Dashes',
  'shape currency sign': 'Currency signs',
  'shape per cent sign': 'Per cent signs',
  'shape punctuation': 'Punctuation marks',
  'shape symbol': 'Symbols',
  'shape line break': 'Line breaks',
  'place line start': 'The first word of a line',
  'place sentence start': 'The first word of a sentence',
  'class relative or question word': 'Relative and question words',
  'class negation': 'Negations',
};

function nameOf({ kind, value }: Pattern): string | null {
  const name = NAMES[`${kind} ${value}`];
  if (name !== undefined) return name;
  if (kind === 'class') return `${value[0]!.toUpperCase()}${value.slice(1)}s`;
  return kind === 'suffix' ? `Words ending in "-${value}"` : null;
}

/** The pattern most worth leading with: of those that cover most firing tokens, the one that says most. */
function leadingPattern(patterns: readonly Pattern[], coveredByWords: number): Pattern | null {
  let best: Pattern | null = null;
  for (const pattern of patterns) {
    if (pattern.share < LEADING_SHARE || pattern.lift < LEADING_LIFT || pattern.share < coveredByWords + 0.1 || nameOf(pattern) === null) continue;
    if (best === null || pattern.share * Math.log(pattern.lift) > best.share * Math.log(best.lift)) best = pattern;
  }
  return best;
}

function patternHead(pattern: Pattern): string {
  const examples = pattern.examples.map((text) => ({ text }));
  return examples.length === 0 ? nameOf(pattern)! : `${nameOf(pattern)!}, such as ${list(examples, 'and')}`;
}

/** “after "of the"” and “before "year"”, where such neighbours are common enough. */
function neighbours(patterns: readonly Pattern[], named: ReadonlySet<string>): string {
  const beside = (kind: Pattern['kind']): string | null =>
    patterns.find((p) => p.kind === kind && p.share >= NEIGHBOUR_SHARE && p.lift >= NEIGHBOUR_LIFT && p.value !== '\n' && !named.has(p.value))?.value ?? null;
  const previous = beside('previous');
  const previous2 = previous === null ? null : beside('previous2');
  const next = beside('next');
  const after = previous === null ? '' : ` after "${previous2 === null ? '' : `${previous2} `}${previous}"`;
  return `${after}${next === null ? '' : ` before "${next}"`}`;
}

function quote({ text }: { text: string }): string {
  return `"${text}"`;
}

function list(words: readonly { text: string }[], last: string): string {
  const quoted = words.map(quote);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1)}`;
}
