import { expect, it } from 'vitest';
import { z } from 'zod';
import { commonPrefix, rehearsalChat, smallest } from './rehearsal-chat.ts';
import { jsonSchemaOf } from './json-schema.ts';

it.each([
  ['verdicts', z.strictObject({ verdicts: z.array(z.literal([0, 1])).length(5) })],
  ['a phrase', z.strictObject({ explanation: z.string() })],
  ['notes before a phrase', z.strictObject({ notes: z.string(), explanation: z.string() })],
  ['a number', z.strictObject({ intruder: z.number().int().min(1).max(5) })],
  ['activations', z.strictObject({ activations: z.array(z.strictObject({ t: z.string(), a: z.number().int().min(0).max(10) })).length(3) })],
  ['choices', z.strictObject({ one: z.union([z.literal('a'), z.string()]), yes: z.boolean() })],
])('answers %s in the form asked for', async (_, schema) => {
  const chat = rehearsalChat({ model: 'm', endpoint: 'e' });
  const { text } = await chat.chat({ messages: [{ role: 'user', content: '?' }], maxTokens: 5, temperature: 0, schema: { name: 'x', schema } });
  expect(schema.safeParse(JSON.parse(text)).success).toBe(true);
  expect(schema.safeParse(smallest(jsonSchemaOf(schema))).success).toBe(true);
  expect(chat.rehearsed.map(({ answer }) => answer)).toEqual([text]);
});

it('finds what texts begin with in common', () => {
  expect(commonPrefix(['abcd', 'abxd', 'abc'])).toBe(2);
  expect(commonPrefix(['same'])).toBe(4);
  expect(commonPrefix([])).toBe(0);
  expect(commonPrefix(['', 'a'])).toBe(0);
});
