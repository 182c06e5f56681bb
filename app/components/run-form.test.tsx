import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { RunOptions } from '#server/runs/options.ts';
import { RunForm } from './run-form.tsx';

const optionsOf = (documents: number): RunOptions => ({
  models: [
    { slug: 'without-coders', name: 'Without coders', coders: [] },
    { slug: 'm', name: 'M', coders: [{ slug: 'c', name: 'C', width: 8192, k: 32, inputHookpoints: ['layers.1'] }] },
  ],
  texts: [{ slug: 't', name: 'T', documents, tokensPerDocument: 8000 }],
  llm: null,
});
const html = (documents: number): string => renderToStaticMarkup(<RunForm options={optionsOf(documents)} action={(before) => Promise.resolve(before)} />);

test('what the form would read too little of is said before anybody touches it, and without JavaScript', () => {
  expect(html(4)).toContain('the text holds only 4: choose one of 29 documents or more');
  expect(html(240)).not.toContain('too few');
});

test('why a method cannot be chosen is said once; how a language model judges is asked only where there is one', () => {
  const without = html(240);
  expect(without.match(/no language model is configured/g)).toHaveLength(2);
  expect(without).not.toContain('itemsPerPrompt');
  const options = { ...optionsOf(240), llm: 'some-model' };
  const form = renderToStaticMarkup(<RunForm options={options} action={(before) => Promise.resolve(before)} />);
  expect(form).toContain('<input type="hidden" name="negatives" value="random"/>');
  for (const name of ['same_document', 'same_token', 'similar', 'neighbour'])
    expect(form).toMatch(new RegExp(`name="negatives"[^>]*checked=""[^>]*value="${name}"`));
  expect(form).toMatch(/<input id="itemsPerPrompt"[^>]*placeholder="5"/);
  expect(form).toContain('<option value="json" selected="">');
});
