import { expect, test } from 'vitest';
import { readRunConfig } from './run.ts';

test('the example is a run', () => {
  expect(readRunConfig('examples/run.yaml')).toMatchObject({ model: 'presidents-4m', explainers: ['lexical'], scorers: ['embedding', 'rule'] });
});

test.each([
  ['no/such.yaml', /^There is no file no\/such\.yaml: give the path/],
  ['examples', /^examples is a folder: give the path/],
  // Markdown with a colon in it is no YAML; a text file that is one is no run.
  ['CHANGELOG.md', /^CHANGELOG\.md(: | cannot be read as YAML)/],
])('%s is refused in words', (file, sentence) => {
  expect(() => readRunConfig(file)).toThrow(sentence);
});
