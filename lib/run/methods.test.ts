import { expect, test } from 'vitest';
import { refuseMethods, whyUnavailable } from './methods.ts';

test('what asks a language model is available when one is configured, the rest always', () => {
  expect(['lexical', 'embedding', 'rule'].map((method) => whyUnavailable(method, null))).toEqual([null, null, null]);
  expect(['llm', 'detection'].map((method) => whyUnavailable(method, 'some-model'))).toEqual([null, null]);
  for (const method of ['llm', 'detection']) expect(whyUnavailable(method, null)).toMatch(/set LLM_BASE_URL and LLM_MODEL/);
  expect(whyUnavailable('surprisal', null)).toMatch(/set SURPRISAL_MODEL/);
  expect([whyUnavailable('surprisal', 'some-model'), whyUnavailable('surprisal', null, 'a-base-model')]).toEqual([null, null]);
});

test('a choice that will fail later is refused now, with its field and what to set', () => {
  expect(refuseMethods({ explainers: ['lexical'], scorers: ['embedding', 'rule'] }, null)).toBeNull();
  expect(refuseMethods({ explainers: ['llm'], scorers: ['detection'] }, 'some-model')).toBeNull();
  expect(refuseMethods({ explainers: ['lexical', 'llm'], scorers: ['embedding'] }, null)).toEqual({
    field: 'explainers',
    message: expect.stringMatching(/^The explainer llm cannot be used: .*LLM_MODEL.*; or leave llm out\.$/) as string,
  });
  expect(refuseMethods({ explainers: ['lexical'], scorers: ['detection'] }, null)).toMatchObject({ field: 'scorers' });
  expect(refuseMethods({ explainers: ['lexical'], scorers: [] }, 'some-model')).toMatchObject({
    field: 'scorers',
    message: expect.stringContaining('at least one') as string,
  });
});
