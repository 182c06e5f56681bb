import { LEXICAL_FEATURE_KINDS, type LexicalFeatureKind } from '#lib/explanation/lexical-rule.ts';
import { shapesOf, unitKind, type UnitKind } from './text-unit.ts';
import type { TokenTable } from './types.ts';
import { isContentWord, suffixOf, wordClass } from './word-classes.ts';

/** Features are small integers: value · 16 + kind, so that counts are plain arrays and nothing is hashed per token. */
const KIND_BITS = 4;

/** Text without blanks (a URL, base64) would otherwise intern every prefix of itself; real words are shorter. */
const MAX_UNIT_CHARACTERS = 40;

export interface TokenFacts {
  kind: UnitKind;
  /** Whether a blank stands before it, so that it cannot go on with the word on its left. */
  spaced: boolean;
  /** Its text without blanks around it. */
  core: string;
  /** Feature `token`. */
  feature: number;
}

/** A word, a number, a mark or a line break: what tokens are pieces of. */
export interface Unit {
  id: number;
  kind: UnitKind;
  text: string;
  /** Interned lower-cased text: the value of the features below. */
  value: number;
  /** Features `shape` and `class` of its tokens. */
  looks: readonly number[];
  /** Feature `word` of its tokens and `suffix` of its last one, or −1. */
  word: number;
  suffix: number;
  /** Feature `start` of a token up to which this is its word. */
  start: number;
  /** Features that it gives tokens around it; `nearby` is −1 for a word that says nothing of the topic. */
  previous: number;
  previous2: number;
  previousKind: number;
  next: number;
  nearby: number;
  endsSentence: boolean;
}

/** Features that no text names. */
export interface NamedFeatures {
  sentenceStart: number;
  lineStart: number;
  firstPiece: number;
  middlePiece: number;
  lastPiece: number;
}

/** Everything worked out once per token id and once per word: see `lexiconOf`. */
export class Lexicon {
  private readonly table: TokenTable;
  private readonly values = new Map<string, number>();
  private readonly texts: string[] = [];
  private readonly tokens: TokenFacts[] = [];
  private readonly units: Unit[] = [];
  private readonly unitByText = new Map<string, Unit>();
  /** Unit · 2^20 + token → the unit with that token's text added. */
  private readonly longer = new Map<number, Unit>();
  private readonly firstUnit: Unit[] = [];
  readonly names: NamedFeatures;

  constructor(table: TokenTable) {
    this.table = table;
    const named = (kind: LexicalFeatureKind, text: string): number => this.feature(kind, this.intern(text));
    this.names = {
      sentenceStart: named('place', 'sentence start'),
      lineStart: named('place', 'line start'),
      firstPiece: named('piece', 'first piece'),
      middlePiece: named('piece', 'middle piece'),
      lastPiece: named('piece', 'last piece'),
    };
  }

  /** One more than the largest feature so far. */
  get featureLimit(): number {
    return this.texts.length << KIND_BITS;
  }

  intern(text: string): number {
    const known = this.values.get(text);
    if (known !== undefined) return known;
    this.values.set(text, this.texts.length);
    this.texts.push(text);
    return this.texts.length - 1;
  }

  feature(kind: LexicalFeatureKind, value: number): number {
    return (value << KIND_BITS) | LEXICAL_FEATURE_KINDS.indexOf(kind);
  }

  kindOf(feature: number): LexicalFeatureKind {
    return LEXICAL_FEATURE_KINDS[feature & ((1 << KIND_BITS) - 1)]!;
  }

  valueOf(feature: number): number {
    return feature >> KIND_BITS;
  }

  textOf(value: number): string {
    return this.texts[value]!;
  }

  token(id: number): TokenFacts {
    return (this.tokens[id] ??= this.describeToken(this.table.text(id)));
  }

  /** The unit that a token begins. */
  first(id: number): Unit {
    return (this.firstUnit[id] ??= this.unitOf(this.token(id).kind, this.token(id).core));
  }

  /** The unit that a token goes on with. */
  extend(unit: Unit, id: number): Unit {
    const key = unit.id * 2 ** 20 + id;
    const known = this.longer.get(key);
    if (known !== undefined) return known;
    const text = unit.text + this.token(id).core;
    const made = text.length > MAX_UNIT_CHARACTERS ? unit : this.unitOf(unit.kind, text);
    this.longer.set(key, made);
    return made;
  }

  private describeToken(text: string): TokenFacts {
    const kind = unitKind(text);
    return { kind, spaced: /^\s/.test(text), core: kind === 'break' ? '\n' : text.trim(), feature: this.feature('token', this.intern(text)) };
  }

  private unitOf(kind: UnitKind, text: string): Unit {
    const key = `${kind} ${text}`;
    const known = this.unitByText.get(key);
    if (known !== undefined) return known;
    const lower = text.toLowerCase();
    const shapes = shapesOf(kind, text);
    const closed = kind === 'word' ? wordClass(lower) : null;
    const suffix = kind === 'word' && closed === null ? suffixOf(lower) : null;
    const looks = shapes.map((shape) => this.feature('shape', this.intern(shape)));
    if (closed !== null) looks.push(this.feature('class', this.intern(closed)));
    const name = closed ?? shapes[0] ?? (kind === 'word' ? 'open-class word' : kind);
    const value = this.intern(lower);
    const unit: Unit = {
      id: this.units.length,
      kind,
      text,
      value,
      looks,
      word: kind === 'word' || kind === 'number' ? this.feature('word', value) : -1,
      suffix: suffix === null ? -1 : this.feature('suffix', this.intern(suffix)),
      start: this.feature('start', value),
      previous: this.feature('previous', value),
      previous2: this.feature('previous2', value),
      previousKind: this.feature('previousKind', this.intern(name)),
      next: this.feature('next', value),
      nearby: kind === 'word' && isContentWord(lower) ? this.feature('nearby', value) : -1,
      endsSentence: kind === 'break' || (kind === 'mark' && /^[.?!]/.test(text)),
    };
    this.units.push(unit);
    this.unitByText.set(key, unit);
    return unit;
  }
}

const lexicons = new WeakMap<TokenTable, Lexicon>();

/** The lexicon of a token table: made on first use, kept as long as the table is. */
export function lexiconOf(table: TokenTable): Lexicon {
  const known = lexicons.get(table);
  if (known !== undefined) return known;
  const made = new Lexicon(table);
  lexicons.set(table, made);
  return made;
}
