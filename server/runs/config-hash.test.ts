import { expect, test } from 'vitest';
import { runConfigSchema } from '#lib/run/schema.ts';
import { configHash } from './config-hash.ts';

test('the same question has the same hash, whatever the order of its keys; another has another', () => {
  const a = runConfigSchema.parse({ model: 'm', coder: 'c', latents: { first: 3 } });
  const b = runConfigSchema.parse({ latents: { first: 3 }, seed: 22, coder: 'c', model: 'm' });
  expect(configHash(a)).toBe(configHash(b));
  expect(configHash(a)).toMatch(/^[0-9a-f]{64}$/);
  expect(configHash({ ...a, latents: { first: 4 } })).not.toBe(configHash(a));
  expect(configHash({ ...a, scorers: ['rule', 'embedding'] })).not.toBe(configHash(a));
});
