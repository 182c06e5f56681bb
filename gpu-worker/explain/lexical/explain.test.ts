import { describe, expect, it } from 'vitest';
import { lexicalRule } from '#lib/explanation/lexical-rule.ts';
import { rngFor, type Rng } from '#lib/random/rng.ts';
import { rocAuc } from '#lib/stats/roc-auc.ts';
import { buildBackground } from './background.ts';
import { explainLexically } from './explain.ts';
import { scoreTokens, windowDecision } from './score-tokens.ts';
import type { LexicalWindow, TokenTable } from './types.ts';

/**
 * A made-up language whose latents are known: documents on one of three topics, words of more than six letters cut in
 * two tokens, so that every word must be put together before it can be named.
 */
const TOPICS = [
  ['treasury', 'revenue', 'receipts', 'taxes', 'bank', 'loan', 'coin', 'credit'],
  ['navy', 'ships', 'sailors', 'harbour', 'cannon', 'captain', 'voyage', 'fleet'],
  ['wheat', 'cattle', 'farmers', 'harvest', 'plough', 'meadow', 'barns', 'orchard'],
];
const PLAIN =
  'people great country year made good found early small house river letter order given known public thing part place time friends matter reason answer'.split(
    ' ',
  );
const RARE = 'walking building speaking holding standing keeping'.split(' ');
const NAMES = ['Spain', 'Boston', 'Henry', 'Virginia', 'Mexico', 'Paris'];
const FUNCTION_WORDS = ['the', 'of', 'a', 'in', 'and', 'to', 'was', 'is', 'for', 'with', 'by', 'they', 'it'];

function pick<T>(rng: Rng, from: readonly T[]): T {
  return from[rng.int(from.length)]!;
}

function writeWords(rng: Rng, topic: readonly string[], count: number): string[] {
  const words: string[] = [];
  let left = 0;
  for (let i = 0; i < count; i++) {
    if (left === 0) {
      if (i > 0) words.push('.');
      left = 18 + rng.int(30);
      words.push(pick(rng, ['The', 'It', 'They', 'People', 'Time']));
    }
    left--;
    const dice = rng.next();
    if (dice < 0.42) words.push(pick(rng, FUNCTION_WORDS));
    else if (dice < 0.5) words.push(pick(rng, topic));
    else if (dice < 0.515) words.push(pick(rng, RARE));
    else if (dice < 0.53) words.push(pick(rng, NAMES));
    else if (dice < 0.545) words.push(String(1780 + rng.int(60)));
    else if (dice < 0.555) words.push(',');
    else if (dice < 0.57) words.push('of', 'the');
    else if (dice < 0.585) words.push(pick(rng, PLAIN), 'dollars');
    else words.push(pick(rng, PLAIN));
  }
  return words;
}

interface Corpus {
  table: TokenTable;
  rows: Int32Array[];
  /** Words and, for each token, the index of its word and whether it is the last piece. */
  words: string[][];
  wordOf: Int32Array[];
}

function makeCorpus(): Corpus {
  const ids = new Map<string, number>();
  const texts: string[] = [];
  const idOf = (text: string): number => {
    const id = ids.get(text) ?? texts.length;
    if (id === texts.length) texts.push(text);
    ids.set(text, id);
    return id;
  };
  const rng = rngFor('corpus');
  const corpus: Corpus = { table: { text: (id) => texts[id]! }, rows: [], words: [], wordOf: [] };
  for (let row = 0; row < 400; row++) {
    const words = writeWords(rng, TOPICS[row % TOPICS.length]!, 170);
    const pieces = words.flatMap((word, w) => {
      const spaced = /^[.,]$/.test(word) ? word : ` ${word}`;
      return word.length > 6
        ? [
            { text: spaced.slice(0, 5), w },
            { text: spaced.slice(5), w },
          ]
        : [{ text: spaced, w }];
    });
    const kept = pieces.slice(0, 192);
    corpus.rows.push(Int32Array.from(kept, ({ text }) => idOf(text)));
    corpus.wordOf.push(Int32Array.from(kept, ({ w }) => w));
    corpus.words.push(words);
  }
  return corpus;
}

/** Whether the latent fires on a word; it does so on the word's last token. */
type Planted = (word: string, i: number, words: readonly string[]) => boolean;

interface Exam {
  train: LexicalWindow[];
  test: { window: LexicalWindow; fires: boolean }[];
}

/** 40 firing windows of even rows to learn from; 40 firing and 40 silent ones of odd rows to be tried on. */
function examOf(corpus: Corpus, planted: Planted): Exam {
  const rng = rngFor('activations');
  const exam: Exam = { train: [], test: [] };
  const left = { train: 40, firing: 40, silent: 40 };
  corpus.rows.forEach((row, r) => {
    for (let start = 0; start < row.length; start += 32) {
      const activations = new Float32Array(32);
      for (let i = 0; i < 32; i++) {
        const w = corpus.wordOf[r]![start + i]!;
        const isLast = corpus.wordOf[r]![start + i + 1] !== w;
        if (isLast && planted(corpus.words[r]![w]!, w, corpus.words[r]!)) activations[i] = 1 + 9 * rng.next();
      }
      const fires = activations.some((a) => a > 0);
      const window = { tokens: row.subarray(start, start + 32), activations, before: row.subarray(Math.max(0, start - 8), start) };
      const side = r % 2 === 0 ? (fires ? 'train' : null) : fires ? 'firing' : 'silent';
      if (side === null || left[side]-- <= 0) continue;
      if (side === 'train') exam.train.push(window);
      else exam.test.push({ window, fires });
    }
  });
  return exam;
}

const corpus = makeCorpus();
const background = buildBackground(
  corpus.rows.filter((_, r) => r % 2 === 0),
  corpus.table,
);

function explain(planted: Planted): { text: string; auroc: number; decided: number } {
  const { train, test } = examOf(corpus, planted);
  const { text, rule } = explainLexically({ windows: train, background, tokens: corpus.table });
  const decisions = test.map(({ window }) => windowDecision(rule, scoreTokens(rule, window.tokens, corpus.table, window.before)));
  const auroc = rocAuc(
    test.map(({ fires }) => fires),
    decisions.map(({ score }) => score),
  )!;
  const decided = decisions.filter(({ fires }, i) => fires === test[i]!.fires).length / test.length;
  return { text, auroc, decided };
}

describe('explainLexically finds what was planted', () => {
  it.each<[string, Planted, RegExp]>([
    [
      'a list of words in two pieces',
      (word) => ['treasury', 'revenue', 'receipts'].includes(word),
      /^The word .*"(treasury|revenue|receipts)".*"(treasury|revenue|receipts)"/,
    ],
    ['one word', (word) => word === 'captain', /^The word "captain"/],
    ['an ending', (word) => word.endsWith('ing') && word.length > 6, /-ing"/],
    ['years', (word) => /^\d{4}$/.test(word), /^Years in digits, such as "1[78]\d\d"/],
    ['names', (word) => NAMES.includes(word), /^(Capitalised words, such as|The word) "(Spain|Boston|Henry|Virginia|Mexico|Paris)"/],
    ['the comma', (word) => word === ',', /^Commas, such as "\w+,"/],
    ['the word after a trigger', (_, i, words) => words[i - 1] === 'the' && words[i - 2] === 'of', /^Words after "of the", such as "/],
    ['the word before another', (_, i, words) => words[i + 1] === 'dollars', / before "dollars"\.$/],
    ['the first word of a sentence', (_, i, words) => words[i - 1] === '.', /(^The first word|at the start) of a sentence/],
    [
      'a topic',
      (_, i, words) => words.slice(Math.max(0, i - 4), i).some((word) => TOPICS[1]!.includes(word)),
      /near .*"(navy|ships|sailors|harbour|cannon|captain|voyage|fleet)"/,
    ],
  ])('%s', (_, planted, sentence) => {
    const { text, auroc, decided } = explain(planted);
    expect(text).toMatch(sentence);
    expect(auroc).toBeGreaterThan(0.9);
    expect(decided).toBeGreaterThan(0.85);
  });

  it('finds nothing in activations thrown at random, and the rule says so on unseen text', () => {
    const rng = rngFor('noise');
    const { auroc } = explain(() => rng.next() < 0.02);
    // 40 against 40 windows: chance has a standard error of .065.
    expect(Math.abs(auroc - 0.5)).toBeLessThan(0.2);
  });
});

describe('explainLexically as a contract', () => {
  const { train } = examOf(corpus, (word) => TOPICS[0]!.includes(word));

  it('is deterministic, within its limits, and its rule survives JSON', () => {
    const first = explainLexically({ windows: train, background, tokens: corpus.table });
    expect(explainLexically({ windows: train, background, tokens: corpus.table })).toEqual(first);
    expect(first.text.length).toBeLessThanOrEqual(200);
    const stored = lexicalRule.parse(JSON.parse(JSON.stringify(first.rule)));
    const { tokens, before } = train[0]!;
    expect(scoreTokens(stored, tokens, corpus.table, before)).toEqual(scoreTokens(first.rule, tokens, corpus.table, before));
  });

  it('learns the same from a background built anew', () => {
    const again = buildBackground(
      corpus.rows.filter((_, r) => r % 2 === 0),
      { text: corpus.table.text },
    );
    const tokens = { text: corpus.table.text };
    expect(explainLexically({ windows: train, background: again, tokens }).rule.features.length).toBeGreaterThan(0);
    expect(explainLexically({ windows: train, background: again, tokens })).toEqual(explainLexically({ windows: train, background, tokens: corpus.table }));
  });

  it('scores a text by the rule’s own arithmetic', () => {
    const rule = {
      version: 1 as const,
      bias: -1,
      threshold: 0.5,
      features: [
        { kind: 'word' as const, value: 'treasury', weight: 2 },
        { kind: 'next' as const, value: '.', weight: 0.25 },
      ],
    };
    const ids = new Map(Array.from({ length: 400 }, (_, id) => [corpus.table.text(id), id]));
    const tokens = Int32Array.from([' the', ' trea', 'sury', '.'], (text) => ids.get(text)!);
    const scores = scoreTokens(rule, tokens, corpus.table);
    expect([...scores]).toEqual([-1, 1.25, 1.25, -1]);
    expect(windowDecision(rule, scores)).toEqual({ score: 1.25, fires: true });
    expect(windowDecision(rule, scores.subarray(0, 1)).fires).toBe(false);
  });

  it('never fires where it has learnt nothing', () => {
    for (const windows of [[], train.map((window) => ({ ...window, activations: new Float32Array(32) }))]) {
      const { text, rule } = explainLexically({ windows, background, tokens: corpus.table });
      expect(text).toBe('No word or mark in particular.');
      const { tokens } = train[0]!;
      expect(windowDecision(rule, scoreTokens(rule, tokens, corpus.table)).fires).toBe(false);
    }
  });
});
