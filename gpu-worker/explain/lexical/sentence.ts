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
/** Where a place or neighbour is shared and the words named cover less than this, they are only examples. */
const WORDS_SHARE = 0.35;
/** A neighbour is named when it stands beside this share of the firing tokens, this many times as often as elsewhere. */
const NEIGHBOUR_SHARE = 0.4;
const NEIGHBOUR_LIFT = 4;

/** One short English sentence that names the strongest evidence: the words or the kind of word, their neighbours, and what stands near. */
export function writeSentence({ firing, around, patterns }: Description): string {
  if (patterns.length === 0) return 'No word or mark in particular.';
  const words = pickFiring(firing);
  const covered = words.reduce((sum, { share }) => sum + share, 0);
  const lead = leadingPattern(patterns, covered);
  const context = lead?.kind === 'place' ? NO_CONTEXT : findContext(patterns, words);
  const named = new Set([...words.map(({ text }) => text.toLowerCase()), ...context.words]);
  const near = around
    .filter(({ text, z }) => z >= MIN_AROUND_Z && isContentWord(text.toLowerCase()) && !named.has(text.toLowerCase()))
    .sort((a, b) => b.share - a.share)
    .slice(0, MAX_WORDS_AROUND);
  const parts = [...subject(lead, words, covered, context.text), near.length === 0 ? '' : `, near ${list(near, 'or')}`];
  // Dropped from the end, least evidence first, in the rare case of very long words.
  while (parts.join('').length >= MAX_CHARACTERS && parts.length > 1) parts.pop();
  return `${parts.join('').slice(0, MAX_CHARACTERS - 1)}.`;
}

/** What the latent fires on and beside what: a kind of word, a place that words share, or the words themselves. */
function subject(lead: Pattern | null, words: readonly WordEvidence[], covered: number, context: string): string[] {
  if (lead !== null) {
    const examples = lead.examples.map((text) => ({ text }));
    return [examples.length === 0 ? nameOf(lead)! : `${nameOf(lead)!}, such as ${list(examples, 'and')}`, context === '' ? '' : `,${context}`];
  }
  if (words.length === 0) return [context === '' ? 'Words and marks of many kinds' : 'Words and marks', context];
  if (context !== '' && covered < WORDS_SHARE) return [`Words${context}`, `, such as ${list(words.slice(0, 3), 'and')}`];
  return [`The word ${list(words, 'or')}`, context];
}

/** Words of several windows first; those of one only when there are hardly any others. */
function pickFiring(firing: readonly WordEvidence[]): WordEvidence[] {
  const clear = firing.filter(({ z }) => z >= MIN_FIRING_Z);
  const often = clear.filter(({ windows }) => windows > 1).slice(0, MAX_FIRING_WORDS);
  if (often.length >= FEW_FIRING_WORDS) return often;
  return [...often, ...clear.filter(({ windows }) => windows === 1)].slice(0, FEW_FIRING_WORDS);
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

/**
 * The pattern most worth leading with: of those that cover most firing tokens, the one that says most; of two that say
 * the same (every number was a year), the one named first above.
 */
function leadingPattern(patterns: readonly Pattern[], coveredByWords: number): Pattern | null {
  const order = Object.keys(NAMES);
  const rank = ({ kind, value }: Pattern): number => (order.indexOf(`${kind} ${value}`) + order.length + 1) % (order.length + 1);
  const says = ({ share, lift }: Pattern): number => share * Math.log(lift);
  const leading = patterns.filter((p) => p.share >= LEADING_SHARE && p.lift >= LEADING_LIFT && p.share >= coveredByWords + 0.1 && nameOf(p) !== null);
  return leading.sort((a, b) => says(b) - says(a) || rank(a) - rank(b))[0] ?? null;
}

interface Context {
  text: string;
  /** The neighbours it names, lower-cased. */
  words: string[];
}

const NO_CONTEXT: Context = { text: '', words: [] };

/** “after "of the"”, “before "year"” or “at the start of a sentence”, where that is common enough. */
function findContext(patterns: readonly Pattern[], named: readonly WordEvidence[]): Context {
  const place = patterns.find((p) => p.kind === 'place' && p.share >= LEADING_SHARE && p.lift >= LEADING_LIFT);
  if (place !== undefined) return { text: ` at the start of a ${place.value === 'line start' ? 'line' : 'sentence'}`, words: [] };
  const beside = (kind: Pattern['kind']): string | null =>
    patterns.find(
      (p) =>
        p.kind === kind &&
        p.share >= NEIGHBOUR_SHARE &&
        p.lift >= NEIGHBOUR_LIFT &&
        p.value !== '\n' &&
        !named.some(({ text }) => text.toLowerCase() === p.value),
    )?.value ?? null;
  const previous = beside('previous');
  const previous2 = previous === null ? null : beside('previous2');
  const next = beside('next');
  const words = [previous2, previous, next].filter((word) => word !== null);
  const after = previous === null ? '' : ` after "${previous2 === null ? '' : `${previous2} `}${previous}"`;
  return { text: `${after}${next === null ? '' : ` before "${next}"`}`, words };
}

function quote({ text }: { text: string }): string {
  return `"${text}"`;
}

function list(words: readonly { text: string }[], last: string): string {
  const quoted = words.map(quote);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${last} ${quoted.at(-1)}`;
}
