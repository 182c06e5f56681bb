import type { Example } from '#lib/example/schema.ts';
import type { Explainer } from './explainer.ts';
import { sayLocally } from './local.ts';
import type { ProfileToken } from './profile.ts';

const TEMPLATE = 'single-token-3';
/** A neighbour is said to belong to the pattern when it stands there in this share of the windows, of five at least. */
const NEIGHBOUR_SHARE = 0.7;
const LEAST_WINDOWS = 5;
/** What is shown of one token; longer ones are runs of the same sign. */
const MAX_LETTERS = 40;

const SIGNS: Readonly<Record<string, string>> = {
  '.': 'full stop',
  ',': 'comma',
  ';': 'semicolon',
  ':': 'colon',
  '!': 'exclamation mark',
  '?': 'question mark',
  '-': 'hyphen',
  '–': 'dash',
  '—': 'dash',
  "'": 'apostrophe',
  '’': 'apostrophe',
  '"': 'quotation mark',
  '“': 'opening quotation mark',
  '”': 'closing quotation mark',
  '(': 'opening bracket',
  ')': 'closing bracket',
  $: 'dollar sign',
  '%': 'per cent sign',
  '&': 'ampersand',
};

/**
 * A latent that fires on one token, said exactly: the token, where in a word it stands, how else it is written, and the
 * word beside it where that is always the same. Worked out here and not asked of a language model (as delphi's
 * single-token explainer does, method.md §4.3): the statistics have settled what it fires on, a model can only
 * paraphrase it (“legislative bodies” for “Congress”), which claims more than the evidence, and it costs nothing.
 */
export const singleTokenExplainer: Explainer = {
  method: 'single_token',
  asks: false,
  prepare({ firing, profile }, settings) {
    const [top] = profile.tokens;
    if (profile.singleToken === null || top === undefined)
      return { kind: 'unfit', reason: 'Its activations are not those of one token, so that naming one would be wrong.' };
    // The statistics are of all text, the exam's too: what is named must be what the evidence alone would name.
    if (strongestToken(firing) !== top.text)
      return { kind: 'unfit', reason: 'The windows that may be shown fire most on another token than all windows together, so that none can be named.' };
    // Of other spellings, too, only those count that the evidence shows.
    const seen = new Set(firing.flatMap(({ tokens, activations }) => tokens.filter((_, i) => activations[i]! > 0)));
    const text = singleTokenPhrase(
      top,
      profile.tokens.filter((token) => seen.has(token.text)),
      firing,
    );
    return sayLocally(text, { template: TEMPLATE, firing, facts: { token: top.text, active: top.active, occurrences: top.occurrences } }, settings);
  },
};

/** The token with the greatest sum of activations in some windows, the first of equals; null where none fires. */
function strongestToken(windows: readonly Example[]): string | null {
  const sums = new Map<string, number>();
  for (const { tokens, activations } of windows) {
    for (const [i, token] of tokens.entries()) if (activations[i]! > 0) sums.set(token, (sums.get(token) ?? 0) + activations[i]!);
  }
  let best: [token: string, sum: number] | null = null;
  for (const [token, sum] of sums) if (best === null || sum > best[1]) best = [token, sum];
  return best && best[0];
}

/** The phrase: pure, for any token and the windows it fires in. */
export function singleTokenPhrase(top: ProfileToken, tokens: readonly ProfileToken[], firing: readonly Example[]): string {
  const places = firing.flatMap((window) => {
    const at = window.tokens.findIndex((text, i) => text === top.text && (window.activations[i] as number) > 0);
    return at < 0 ? [] : [{ before: window.tokens.slice(0, at).join(''), after: window.tokens.slice(at + 1).join('') }];
  });
  return nameOf(top.text, places) + variantsOf(top, tokens) + neighbourOf(places);
}

interface Place {
  before: string;
  after: string;
}

function nameOf(text: string, places: readonly Place[]): string {
  const bare = text.trim();
  if (bare === '') return /[\n\r]/.test(text) ? 'A line break' : text.includes('\t') ? 'A tab' : 'A space that stands by itself';
  const shown = `“${bare.length > MAX_LETTERS ? `${bare.slice(0, MAX_LETTERS)}…` : bare}”`;
  if (/^\p{N}+$/u.test(bare)) return `The number ${shown}`;
  if (!/\p{L}/u.test(bare)) return SIGNS[bare] === undefined ? `The ${[...bare].length === 1 ? 'sign' : 'signs'} ${shown}` : `The ${SIGNS[bare]} ${shown}`;
  const most = (share: number): boolean => places.length > 0 && share > places.length / 2;
  const begins = /^\s/.test(text) || !most(places.filter(({ before }) => /\p{L}$/u.test(before)).length);
  const ends = /[^\p{L}]$/u.test(text) || !most(places.filter(({ after }) => /^\p{L}/u.test(after)).length);
  if (begins && ends) return `The word ${shown}`;
  if (begins) return `The letters ${shown} at the beginning of a longer word`;
  return ends ? `The letters ${shown} at the end of a longer word` : `The letters ${shown} inside a word`;
}

/** Other tokens that are the same word with other capitals or another space before it. */
function variantsOf(top: ProfileToken, tokens: readonly ProfileToken[]): string {
  const own = top.text.trim();
  const others = [...new Set(tokens.map(({ text }) => text.trim()))].filter((text) => text !== own && text !== '' && text.toLowerCase() === own.toLowerCase());
  return others.length === 0 ? '' : `, also written ${others.map((text) => `“${text}”`).join(', ')}`;
}

/** The word before it, or else after it, where that is nearly always the same. */
function neighbourOf(places: readonly Place[]): string {
  if (places.length < LEAST_WINDOWS) return '';
  const usual = (words: readonly string[]): string | null => {
    const counts = new Map<string, number>();
    for (const word of words) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
    const [best] = [...counts].sort((a, b) => b[1] - a[1]);
    return best !== undefined && best[1] >= NEIGHBOUR_SHARE * places.length ? best[0] : null;
  };
  const before = usual(places.map((place) => /(\p{L}+)[^\p{L}]*$/u.exec(place.before)?.[1]?.toLowerCase() ?? ''));
  if (before !== null) return `, mostly after “${before}”`;
  const after = usual(places.map((place) => /^[^\p{L}]+(\p{L}+)/u.exec(place.after)?.[1]?.toLowerCase() ?? ''));
  return after === null ? '' : `, mostly before “${after}”`;
}
