import { expect, it } from 'vitest';
import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import { rngFor } from '#lib/random/rng.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { window } from '#tests/doubles/windows.ts';
import { judgeByRule, ruleOverTokens, ruleOverWindows, ruleTokenParts } from './rule-score.ts';

/** Words are their own ids, so that the table needs no tokenizer. */
const WORDS = ['the', 'tax', 'on', 'tea', 'was', 'paid'];
const tokens = (text: string) => ({ tokens: Int32Array.from(text.split(' '), (word) => WORDS.indexOf(word)), before: new Int32Array() });
const RULE: LexicalRule = { version: 1, features: [{ kind: 'word', value: 'tax', weight: 4 }], bias: -2, threshold: 0 };

it('counts what each figure is taken on: tokens for the one, windows for the other', () => {
  const texts = ['the tax on tea was paid', 'the tax was paid', 'tea was paid', 'the tea'];
  const exam = examOf([
    window('the {tax} on tea was paid', { split: 'test', row: 0, document: 'a' }),
    window('the {tax} was paid', { split: 'test', row: 1, document: 'b' }),
    window('tea was paid', { split: 'test', row: 2, document: 'c' }),
    window('the tea', { split: 'test', row: 3, document: 'd' }),
  ]);
  const table = { text: (id: number) => ` ${WORDS[id]}` };
  const judged = judgeByRule(texts.map(tokens), RULE, table);
  const all = [0, 1, 2, 3];
  for (const rng of [rngFor(1), null]) expect(ruleOverTokens(exam, judged, all, rng)).toMatchObject({ value: 1, nPositives: 2, nNegatives: 13 });
  expect(ruleOverWindows(exam, judged, all)).toMatchObject({ value: 1, nPositives: 2, nNegatives: 2 });
  expect(judged.windows.map(({ fires }) => fires)).toEqual([true, true, false, false]);
});

it('gives each class of silent windows and each tenth of the firing ones by itself', () => {
  const texts = ['the {tax} on tea', 'the {tea} was paid', 'tea was paid', 'tax was paid'];
  const exam = examOf(
    [
      window(texts[0]!, { split: 'test', row: 0, document: 'a', quantile: 0 }),
      window(texts[1]!, { split: 'test', row: 1, document: 'b', quantile: 9 }),
      window(texts[2]!, { split: 'test', row: 2, document: 'c' }),
      window(texts[3]!, { split: 'test', row: 3, document: 'd', kind: 'same_token' }),
    ],
    ['random', 'same_token'],
  );
  const table = { text: (id: number) => ` ${WORDS[id]}` };
  const judged = judgeByRule(
    texts.map((text) => tokens(text.replace(/[{}]/g, ''))),
    RULE,
    table,
  );
  const headline = ruleOverTokens(exam, judged, [0, 1, 2], null)!;
  const { classes, quantiles } = ruleTokenParts(exam, judged, headline);
  // Of 2 firing tokens the rule knows one, and 6 silent ones stand in the firing windows, 3 in the random one.
  expect(headline).toMatchObject({ value: 0.75, nPositives: 2, nNegatives: 9 });
  expect(classes).toMatchObject([
    { class: 'random', value: 0.75, nPositives: 2, nNegatives: 9 },
    // Of the 9 silent tokens one is a tax: it ties with one firing token and beats the other.
    { class: 'same_token', value: (8.5 + 4) / 18, nPositives: 2, nNegatives: 9 },
  ]);
  expect(quantiles).toMatchObject([
    { quantile: 0, value: 1, nPositives: 1, nNegatives: 6 },
    { quantile: 9, value: 0.5, nPositives: 1, nNegatives: 6 },
  ]);
});
