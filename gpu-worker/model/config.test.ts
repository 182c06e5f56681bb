import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfig } from './config.ts';

const schema = z.object({ hidden_size: z.number().int().positive(), rope_theta: z.number().default(10_000) });

test.each([
  ['dropped', 'hiden_size'],
  ['added', 'hidden_sizes'],
  ['changed', 'hidden_sise'],
  ['swapped', 'hidden_szie'],
])('a letter %s in a key that is missing is told', (_, key) => {
  expect(() => parseConfig(schema, { [key]: 4 }, 'config.json')).toThrow(new RegExp(`${key}.*hidden_size is missing`));
});

test('keys that nothing reads are ignored, near ones too when the right one is there', () => {
  expect(parseConfig(schema, { hidden_size: 4, n_ctx: 9, hidden_sizes: 5, _rope_theta: 1 }, 'config.json')).toEqual({ hidden_size: 4, rope_theta: 10_000 });
});

test('what is wrong is named with its value', () => {
  expect(() => parseConfig(schema, {}, 'config.json')).toThrow('config.json: hidden_size is missing.');
  expect(() => parseConfig(schema, { hidden_size: 'x' }, 'config.json')).toThrow(/hidden_size is "x"/);
});
