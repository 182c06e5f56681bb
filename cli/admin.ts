import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import { openDatabase } from '#platform/database/database.ts';
import { loadEnvironment } from '#platform/environment/environment.ts';
import { resolveInstance } from '#platform/instance/instance.ts';
import { createAdmin } from '#server/auth/users.ts';

export interface AdminCreateOptions {
  email?: string;
  name: string;
  password?: string;
}

/** Adds `admin create` to the program: the first admin, or a new password for one who lost theirs. */
export function registerAdmin(program: Command, source: Record<string, string | undefined>, print: (line: string) => void): void {
  program
    .command('admin')
    .description('people who may start runs')
    .command('create')
    .description('make an admin; of an existing account: give it the role and a new password, and end its sessions')
    .option('--email <address>', 'their e-mail address (default: ATLAS_ADMIN_EMAIL)')
    .option('--name <name>', 'what to call them', 'Admin')
    .option('--password <password>', 'default: ATLAS_ADMIN_PASSWORD, or a random one, printed once; an argument can be read by other users of this machine')
    .action((options: AdminCreateOptions) => adminCreate(options, source, print));
}

/** Creates the admin in the database of the instance that the environment names. Throws AppError `bad_request` without an address. */
export async function adminCreate(options: AdminCreateOptions, source: Record<string, string | undefined>, print: (line: string) => void): Promise<void> {
  const environment = resolveInstance(loadEnvironment(source));
  const email = options.email ?? environment.adminEmail;
  if (email === null) throw new AppError('bad_request', 'Whose account? Say it with --email name@example.org.', { field: 'email' });
  const given = options.password ?? environment.adminPassword;
  const password = given ?? randomBytes(15).toString('base64url');
  const database = await openDatabase(environment.databaseUrl, { max: 1 });
  try {
    const { user, created } = await createAdmin(database, { email, name: options.name, password });
    print(`${user.email} ${created ? 'is an admin now' : 'is an admin with a new password'}. Sign in at ${new URL('/sign-in', environment.siteUrl).href}`);
    if (given === null) print(`Password, shown this once: ${password}`);
  } finally {
    await database.close();
  }
}
