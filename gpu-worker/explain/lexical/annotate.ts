import type { Lexicon, Unit } from './lexicon.ts';

/** How many content words before a token count as `nearby`; about the 16 to 20 tokens on its left. */
const NEARBY_WORDS = 8;

/** A stretch of text with the features of each of its tokens. */
export interface AnnotatedText {
  /** Features of token i lie at [offsets[i], offsets[i + 1]). */
  offsets: Int32Array;
  features: Int32Array;
  /** The word, number, mark or line break that each token is a piece of. */
  units: Unit[];
}

/**
 * Finds the features of every token. `before` is context only: its tokens complete words and neighbours on the left and
 * get no features of their own. What stands after a token counts too (its word's last pieces, the next word): a causal
 * model cannot see it, but may well be about to say it.
 */
export function annotate(lexicon: Lexicon, tokens: Int32Array, before?: Int32Array): AnnotatedText {
  const ids = before === undefined || before.length === 0 ? tokens : joined(before, tokens);
  const skipped = ids.length - tokens.length;
  const { soFar, whole, starts, next } = findUnits(lexicon, ids);
  const names = lexicon.names;
  const offsets = new Int32Array(tokens.length + 1);
  // 12 features at most besides the nearby ones.
  const features = new Int32Array(tokens.length * (13 + NEARBY_WORDS));
  const nearby = new Int32Array(NEARBY_WORDS).fill(-1);
  let slot = 0;
  let at = 0;
  let previous: Unit | null = null;
  let previous2: Unit | null = null;
  for (let i = 0; i < ids.length; i++) {
    const unit = whole[i]!;
    const isStart = starts[i] === i;
    const isEnd = i === ids.length - 1 || starts[i + 1] !== starts[i];
    if (i >= skipped) {
      features[at++] = lexicon.token(ids[i]!).feature;
      if (unit.word >= 0) features[at++] = unit.word;
      if (!isEnd) features[at++] = soFar[i]!.start;
      for (const look of unit.looks) features[at++] = look;
      if (isEnd && unit.suffix >= 0) features[at++] = unit.suffix;
      if (!(isStart && isEnd)) features[at++] = isStart ? names.firstPiece : isEnd ? names.lastPiece : names.middlePiece;
      if (previous !== null) {
        features[at++] = previous.previous;
        features[at++] = previous.previousKind;
        if (isStart && previous.endsSentence) features[at++] = names.sentenceStart;
        if (isStart && previous.kind === 'break') features[at++] = names.lineStart;
      }
      if (previous2 !== null) features[at++] = previous2.previous2;
      const after = next[i];
      if (after != null) features[at++] = after.next;
      for (let k = 0; k < NEARBY_WORDS; k++) if (nearby[k]! >= 0) features[at++] = nearby[k]!;
      offsets[i - skipped + 1] = at;
    }
    if (!isEnd || unit.kind === 'blank') continue;
    previous2 = previous;
    previous = unit;
    if (unit.nearby >= 0 && !nearby.includes(unit.nearby)) {
      nearby[slot] = unit.nearby;
      slot = (slot + 1) % NEARBY_WORDS;
    }
  }
  return { offsets, features: features.slice(0, at), units: skipped === 0 ? whole : whole.slice(skipped) };
}

/** Joins tokens into units: the unit as far as each token, the whole of it, where it starts, and the one after it. */
function findUnits(lexicon: Lexicon, ids: Int32Array): { soFar: Unit[]; whole: Unit[]; starts: Int32Array; next: (Unit | null)[] } {
  const n = ids.length;
  const soFar = new Array<Unit>(n);
  const starts = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const id = ids[i]!;
    const facts = lexicon.token(id);
    const goesOn = i > 0 && !facts.spaced && (facts.kind === 'word' || facts.kind === 'number') && lexicon.token(ids[i - 1]!).kind === facts.kind;
    soFar[i] = goesOn ? lexicon.extend(soFar[i - 1]!, id) : lexicon.first(id);
    starts[i] = goesOn ? starts[i - 1]! : i;
  }
  const whole = new Array<Unit>(n);
  const next = new Array<Unit | null>(n);
  for (let i = n - 1; i >= 0; i--) {
    const isEnd = i === n - 1 || starts[i + 1] !== starts[i];
    whole[i] = isEnd ? soFar[i]! : whole[i + 1]!;
    if (!isEnd) next[i] = next[i + 1]!;
    else if (i === n - 1) next[i] = null;
    else next[i] = whole[i + 1]!.kind === 'blank' ? next[i + 1]! : whole[i + 1]!;
  }
  return { soFar, whole, starts, next };
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
