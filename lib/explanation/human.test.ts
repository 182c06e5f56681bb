import { expect, it } from 'vitest';
import { humanTextSchema } from './human.ts';

it('takes a phrase, put on one line', () => {
  expect(humanTextSchema.parse('  Taxes\n and\tduties\u202e ')).toBe('Taxes and duties');
  expect(humanTextSchema.parse('<b>Éire</b>')).toBe('<b>Éire</b>');
});

it.each([
  ['', 'at least 3'],
  [' \n a ', 'at least 3'],
  ['123 456', 'needs words'],
  ['tax '.repeat(101), 'more than 400'],
  ['a'.repeat(5000), 'more than 400'],
])('refuses %j', (text, reason) => {
  expect(humanTextSchema.safeParse(text).error?.issues[0]?.message).toContain(reason);
});
