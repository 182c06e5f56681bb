import { expect, it } from 'vitest';
import { readRunForm } from './form.ts';
import { runConfigSchema } from './schema.ts';

function form(fields: Record<string, string | string[]>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) data.append(name, one);
  return data;
}

it('fills a run configuration, and leaves defaults to the schema', () => {
  const { config } = readRunForm(form({ target: 'presidents-4m/layers.2', text: 'sotu', tokens: '524,288', seed: '', latents: 'first', count: '64', explainers: 'lexical', scorers: ['embedding', 'rule'] }));
  expect(runConfigSchema.parse(config)).toEqual({
    model: 'presidents-4m',
    coder: 'layers.2',
    text: 'sotu',
    tokens: 524_288,
    seed: 22,
    protocol: 'atlas',
    latents: { first: 64 },
    explainers: ['lexical'],
    scorers: ['embedding', 'rule'],
  });
});

it('gives back what was typed, for the schema to refuse by field', () => {
  const { fields, config } = readRunForm(form({ target: 'm/c', tokens: 'many', latents: 'all' }));
  expect(fields).toMatchObject({ target: 'm/c', tokens: 'many', latents: 'all', explainers: [] });
  const refused = runConfigSchema.safeParse(config);
  expect(refused.error?.issues.map((issue) => issue.path[0]).sort()).toEqual(['explainers', 'tokens']);
});
