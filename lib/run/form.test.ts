import { expect, it } from 'vitest';
import { readRunForm, runFormErrors } from './form.ts';
import { runConfigSchema } from './schema.ts';

function form(fields: Record<string, string | string[]>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) data.append(name, one);
  return data;
}

it('fills a run configuration, and leaves defaults to the schema', () => {
  const { config } = readRunForm(
    form({
      target: 'presidents-4m/layers.2',
      text: 'sotu',
      tokens: '524,288',
      seed: '',
      protocol: 'paper',
      latents: 'first',
      count: '64',
      explainers: 'lexical',
      scorers: ['embedding', 'rule'],
      detectionControl: 'tenth',
    }),
  );
  expect(runConfigSchema.parse(config)).toEqual({
    model: 'presidents-4m',
    coder: 'layers.2',
    text: 'sotu',
    tokens: 524_288,
    seed: 22,
    simulation: 'json',
    protocol: 'paper',
    latents: { first: 64 },
    explainers: ['lexical'],
    scorers: ['embedding', 'rule'],
    detectionControl: 'tenth',
  });
});

it('takes how a language model judges: some classes of silent windows, windows a prompt, how simulation asks', () => {
  const configOf = (fields: Record<string, string | string[]>) =>
    runConfigSchema.parse(readRunForm(form({ target: 'm/c', latents: 'all', explainers: 'lexical', scorers: 'embedding', ...fields })).config);
  expect(configOf({ negatives: ['random', 'same_token'], itemsPerPrompt: '10', simulation: 'likelihood' })).toMatchObject({
    negatives: ['random', 'same_token'],
    itemsPerPrompt: 10,
    simulation: 'likelihood',
  });
  // Untouched, it is the run that somebody writes without a word of it.
  const untouched = configOf({ negatives: ['random', 'same_document', 'same_token', 'similar', 'neighbour'], itemsPerPrompt: '', simulation: 'json' });
  expect(untouched).toEqual(configOf({}));
  const { error } = runConfigSchema.safeParse(
    readRunForm(form({ target: 'm/c', latents: 'all', explainers: 'lexical', scorers: 'embedding', negatives: 'similar', itemsPerPrompt: '40' })).config,
  );
  expect(runFormErrors(error!)).toEqual([
    { field: 'itemsPerPrompt', message: 'At most 20.' },
    { field: 'negatives', message: 'needs random, which the headline is taken against' },
  ]);
});

it('gives back what was typed, for the schema to refuse by field', () => {
  const { fields, config } = readRunForm(form({ target: 'm/c', tokens: 'many', latents: 'all' }));
  expect(fields).toMatchObject({ target: 'm/c', tokens: 'many', latents: 'all', explainers: [] });
  const refused = runConfigSchema.safeParse(config);
  expect(refused.error?.issues.map((issue) => issue.path[0]).sort()).toEqual(['explainers', 'tokens']);
});

it('says in words what a field lacks', () => {
  const errorsOf = (fields: Record<string, string | string[]>): Record<string, string> => {
    const { error } = runConfigSchema.safeParse(readRunForm(form({ target: 'm/c', explainers: 'lexical', scorers: [], latents: 'all', ...fields })).config);
    return error === undefined ? {} : Object.fromEntries(runFormErrors(error).map(({ field, message }) => [field, message]));
  };
  expect(errorsOf({})).toEqual({});
  expect(errorsOf({ tokens: '12', seed: '-1' })).toEqual({ tokens: 'At least 10,000.', seed: 'At least 0.' });
  expect(errorsOf({ tokens: 'many', seed: '2.5' })).toEqual({ tokens: 'A whole number.', seed: 'A whole number.' });
  expect(errorsOf({ tokens: '1,000,000,000', explainers: [] })).toEqual({ tokens: 'At most 100,000,000.', explainers: 'Choose at least one.' });
  expect(errorsOf({ latents: 'random', count: 'some' })).toEqual({ latents: 'A whole number of 1 or more.' });
  expect(errorsOf({ latents: 'random', count: '0' })).toEqual({ 'latents.random': 'At least 1.' });
});
