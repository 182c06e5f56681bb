import { expect, it } from 'vitest';
import type { LexicalRule } from '#lib/explanation/lexical-rule.ts';
import { rngFor } from '#lib/random/rng.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { window } from '#tests/doubles/windows.ts';
import { ruleScore } from './rule-score.ts';

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
  for (const rng of [rngFor(1), null]) {
    const { tokens: byToken, windows } = ruleScore(exam, texts.map(tokens), RULE, table, rng);
    expect(byToken).toMatchObject({ value: 1, nPositives: 2, nNegatives: 13 });
    expect(windows).toMatchObject({ value: 1, nPositives: 2, nNegatives: 2 });
  }
});
