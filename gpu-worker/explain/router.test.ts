import { expect, it } from 'vitest';
import { evidence } from '#tests/doubles/evidence.ts';
import type { LatentProfile } from './profile.ts';
import { route } from './router.ts';

const routed = (profile: Partial<LatentProfile>, silent: string[] = ['nothing here']) => route(evidence(['a {tax} on tea'], silent, profile));
const token = (active: number, occurrences: number) => ({ singleToken: 'strong', tokens: [{ text: ' tax', active, occurrences }] }) as const;
const logits = (concentration: number) => ({ logits: { promoted: [' pay'], suppressed: [' gift'], concentration } });

it.each([
  ['a dead latent', { frequency: 0 }, null, 'never fired'],
  ['a dense one', { frequency: 0.23 }, null, '23 % of the tokens'],
  ['one that fires by position', { positionInformation: 0.31 }, 'positional', '0.31 bits'],
  ['one of a single token', token(90, 100), 'single_token', '90 % of that token’s occurrences'],
  ['one of a single token in some places only', token(10, 100), 'contrastive', 'only on 10 %'],
  ['one that writes a few tokens', logits(2.13), 'logit_aware', '2.1 times'],
  ['any other', {}, 'default', 'Nothing in its statistics'],
] as const)('says how %s is explained, and why', (_, profile, method, reason) => {
  const chosen = routed(profile);
  expect(chosen.method).toBe(method);
  expect(chosen.reason).toContain(reason);
  expect(chosen.reason).toMatch(/^[A-Z].*\.$/);
});

it('goes by the limits themselves, the earlier sign before the later', () => {
  expect(routed({ frequency: 0.1 }).method).toBe('default');
  expect(routed({ positionInformation: 0.05 }).method).toBe('default');
  expect(routed({ ...token(50, 100) }).method).toBe('single_token');
  expect(routed({ ...token(49, 100) }).method).toBe('contrastive');
  expect(routed({ ...token(90, 100), singleToken: 'weak' }).method).toBe('default');
  expect(routed({ ...logits(1.5) }).method).toBe('logit_aware');
  expect(routed({ ...logits(1.49) }).method).toBe('default');
  expect(routed({ frequency: 0.5, positionInformation: 1, ...token(90, 100) }).method).toBeNull();
  expect(routed({ positionInformation: 1, ...token(90, 100), ...logits(9) }).method).toBe('positional');
});

it('sets nothing against silent windows that are not there', () => {
  expect(routed(token(10, 100), []).method).toBe('default');
});
