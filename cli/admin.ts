import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { AppError } from '#lib/errors/app-error.ts';
import type { Environment } from '#platform/environment/environment.ts';
import { createAdmin } from '#server/auth/users.ts';
import { withInstance } from './open-instance.ts';

export interface AdminCreateOptions {
  email?: string;
  name: string;
  password?: string;
}

/** Adds `admin create` to the program: the first admin, or a new password for one who lost theirs. */
export function registerAdmin(program: Command, print: (line: string) => void): void {
  program
    .command('admin')
    .description('people who may start runs')
    .command('create')
    .description('make an admin; of an existing account: give it the role and a new password, and end its sessions')
    .option('--email <address>', 'their e-mail address (default: ATLAS_ADMIN_EMAIL)')
    .option('--name <name>', 'what to call them', 'Admin')
    .option('--password <password>', 'default: ATLAS_ADMIN_PASSWORD, or a random one, printed once; an argument can be read by other users of this machine')
    .action((options: AdminCreateOptions) => adminCreate(options, print));
}

/** Creates the admin in the instance's database. Throws AppError `bad_request` for an address or password that will not do. */
export async function adminCreate(options: AdminCreateOptions, print: (line: string) => void, surroundings?: Environment): Promise<void> {
  await withInstance(async ({ environment, database }) => {
    const email = options.email ?? environment.adminEmail;
    if (email === null) throw new AppError('bad_request', 'Whose account? Say it with --email name@example.org.', { field: 'email' });
    const given = options.password ?? environment.adminPassword;
    const password = given ?? randomBytes(15).toString('base64url');
    const { user, created } = await createAdmin(database, { email, name: options.name, password });
    print(`${user.email} ${created ? 'is an admin now' : 'is an admin with a new password'}. Sign in at ${new URL('/sign-in', environment.siteUrl).href}`);
    if (given === null) print(`Password, shown this once: ${password}`);
  }, surroundings);
}
