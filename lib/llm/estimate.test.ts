import { expect, it } from 'vitest';
import { budgetWarning, secondsFor, sumLines } from './estimate.ts';

const LINE = { purpose: 'explain.default', calls: 100, tokensIn: 300_000, tokensCached: 0, tokensOut: 3000, usd: 0.5 };

it('takes as long as its slots or its limits let it, whichever is longer', () => {
  const none = { callMs: null, slots: 8, requestsPerMinute: null, tokensPerMinute: null };
  expect(secondsFor(LINE, none)).toBeNull();
  expect(secondsFor(LINE, { ...none, callMs: 2000 })).toBe(25);
  expect(secondsFor(LINE, { ...none, callMs: 2000, requestsPerMinute: 60 })).toBe(100);
  expect(secondsFor(LINE, { ...none, tokensPerMinute: 30_300 })).toBe(600);
});

it('does not know the whole’s money when it does not know a part’s', () => {
  expect(sumLines([LINE, LINE])).toMatchObject({ calls: 200, usd: 1 });
  expect(sumLines([LINE, { ...LINE, usd: null }]).usd).toBeNull();
  expect(sumLines([])).toEqual({ calls: 0, tokensIn: 0, tokensCached: 0, tokensOut: 0, usd: 0 });
});

it('says where the budget would stop it', () => {
  const total = sumLines([LINE]);
  expect(budgetWarning(total, undefined)).toBeNull();
  expect(budgetWarning(total, { usd: 1, tokens: 400_000 })).toBeNull();
  expect(budgetWarning(total, { usd: 0.1 })).toContain('$0.1, after 20 %');
  expect(budgetWarning(total, { tokens: 30_300 })).toContain('30,300 tokens, after 10 %');
  expect(budgetWarning({ ...total, usd: null }, { usd: 9 })).toContain('LLM_PRICES');
});
