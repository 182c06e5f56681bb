import path from 'node:path';
import type { Pool } from 'pg';
import type { InstanceEnvironment } from '#platform/instance/instance.ts';
import { readSecret, secretFile } from '#platform/instance/secrets.ts';

/** Where whoever started this instance finds the first admin's password. Never the password itself. */
export interface FirstSignIn {
  email: string;
  /** As seen from the folder that the site was started in. */
  passwordFile: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/**
 * The hint for the sign-in page of a fresh instance: null unless only this machine can reach the site, the launcher made
 * the admin's password, and no admin has ever signed in. `pool` is asked last.
 */
export async function firstSignIn(
  pool: Pool,
  env: Pick<InstanceEnvironment, 'dataDir' | 'siteHost' | 'siteUrl' | 'adminEmail' | 'adminPassword'>,
): Promise<FirstSignIn | null> {
  if (!LOOPBACK.test(env.siteHost) || !LOOPBACK.test(new URL(env.siteUrl).hostname)) return null;
  if (env.adminEmail === null || env.adminPassword === null || readSecret(env.dataDir, 'admin') !== env.adminPassword) return null;
  const { rows } = await pool.query<{ known: boolean; signedIn: boolean }>(
    `select exists (select 1 from users where email = $1 and role = 'admin') as known,
       exists (select 1 from users where role = 'admin' and signed_in_at is not null) as "signedIn"`,
    [env.adminEmail.toLowerCase()],
  );
  if (!rows[0]?.known || rows[0].signedIn) return null;
  return { email: env.adminEmail, passwordFile: path.relative(process.cwd(), secretFile(env.dataDir, 'admin')) };
}
