import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AppError } from '#lib/errors/app-error.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals a text with AES-256-GCM (NIST SP 800-38D) under a key drawn from `secret` by HKDF-SHA-256 (RFC 5869), bound to
 * `name`: moved to another row it does not open.
 *
 * @returns nonce (12 bytes), authentication tag (16), cipher text
 */
export function seal(secret: string, name: string, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), nonce).setAAD(Buffer.from(name));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** The text that `seal` was given. Throws AppError `corrupt_file` for another secret, another name or changed bytes. */
export function unseal(secret: string, name: string, sealed: Buffer): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(secret), sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    throw new AppError(
      'corrupt_file',
      `The stored key for ${name} was sealed under another secret: set it again with \`atlas keys set ${name}\`, or give ATLAS_KEYS_SECRET its old value.`,
    );
  }
}

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'latent-atlas provider keys', 32));
}
