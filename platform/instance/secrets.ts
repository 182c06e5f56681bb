import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const SECRETS = ['database', 'worker', 'auth', 'admin', 'keys'] as const;
export type SecretName = (typeof SECRETS)[number];

export function secretFile(dataDir: string, name: SecretName): string {
  return path.join(dataDir, 'secrets', `${name}.secret`);
}

/** The secret's text, or null when this instance has none of that name. */
export function readSecret(dataDir: string, name: SecretName): string | null {
  try {
    return readFileSync(secretFile(dataDir, name), 'utf8').trim();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * The secret of that name, made now if there is none: 192 random bits, base64url, in a file only its owner may read.
 * Two processes asking at once get the same one, because the file appears whole under its name or not at all.
 */
export function ensureSecret(dataDir: string, name: SecretName): string {
  const existing = readSecret(dataDir, name);
  if (existing !== null) return existing;
  const file = secretFile(dataDir, name);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  // The mode given to writeFile passes through the umask; the file's must not.
  chmodSync(draft, 0o600);
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!isExisting(error)) throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8').trim();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
