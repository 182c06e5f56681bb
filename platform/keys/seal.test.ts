import { createDecipheriv, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { seal, unseal } from './seal.ts';

const SECRET = 'a secret of thirty-two characters';
const KEY = 'sk-live-0123456789abcdef';

it('opens under the same secret and name only', () => {
  const sealed = seal(SECRET, 'api.openai.com', KEY);
  expect(unseal(SECRET, 'api.openai.com', sealed)).toBe(KEY);
  expect(() => unseal(`${SECRET}!`, 'api.openai.com', sealed)).toThrow('sealed under another secret');
  expect(() => unseal(SECRET, 'api.anthropic.com', sealed)).toThrow('sealed under another secret');
  for (const at of [0, 12, 28, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] as number) ^ 1;
    expect(() => unseal(SECRET, 'api.openai.com', changed), `byte ${at}`).toThrow();
  }
  expect(() => unseal(SECRET, 'api.openai.com', sealed.subarray(0, 20))).toThrow();
});

it('shows nothing of the key, nor that two rows hold the same one', () => {
  const [one, other] = [seal(SECRET, 'a', KEY), seal(SECRET, 'a', KEY)];
  expect(one.equals(other)).toBe(false);
  expect(one.toString('latin1')).not.toContain(KEY.slice(0, 6));
});

// HKDF and GCM put together by hand from RFC 5869: another reading of the same bytes.
it('is what it says it is', () => {
  const sealed = seal(SECRET, 'host', KEY);
  const drawn = createHmac('sha256', Buffer.alloc(32)).update(SECRET).digest();
  const key = createHmac('sha256', drawn)
    .update('latent-atlas provider keys')
    .update(Buffer.from([1]))
    .digest();
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(Buffer.from('host')).setAuthTag(sealed.subarray(12, 28));
  expect(decipher.update(sealed.subarray(28)).toString() + decipher.final().toString()).toBe(KEY);
});
