import { describe, expect, test } from 'vitest';
import { parseHubName } from './hub-name.ts';

describe('parseHubName', () => {
  test.each([
    ['EleutherAI/pythia-160m', { repo: 'EleutherAI/pythia-160m', revision: 'main', subfolder: '' }],
    ['a/b@step1000', { repo: 'a/b', revision: 'step1000', subfolder: '' }],
    ['a/b@refs/pr/3:x/y/', { repo: 'a/b', revision: 'refs/pr/3', subfolder: 'x/y' }],
    [
      'google/gemma-scope-2b-pt-res:layer_1/width_16k/average_l0_12',
      { repo: 'google/gemma-scope-2b-pt-res', revision: 'main', subfolder: 'layer_1/width_16k/average_l0_12' },
    ],
  ])('%s', (text, expected) => expect(parseHubName(text)).toEqual({ kind: 'model', ...expected }));

  test.each(['gpt2', './a/b', '/a/b', '../a', 'a/..', 'a/b/c', 'neurons:5', 'a\\b', 'a/b c', ''])('%j is no name of the hub', (text) =>
    expect(parseHubName(text)).toBeNull(),
  );

  test.each(['a/b:../c', 'a/b:c/../../d', 'a/b:c//d', 'a/b:c\\..\\d', 'a/b@../x', 'a/b@x/../y', 'a/b@-f', 'a/b:C:/x', 'a/b:x\u0000y'])(
    '%j is refused',
    (text) => expect(() => parseHubName(text)).toThrow(/names no/),
  );
});
