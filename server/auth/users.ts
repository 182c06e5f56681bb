import { randomUUID } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { transaction } from '#platform/database/transaction.ts';

export const MIN_PASSWORD_LENGTH = 10;

export const userSchema = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(['user', 'admin']),
  createdAt: z.iso.datetime(),
});
export type User = z.infer<typeof userSchema>;

export const newUserSchema = z.strictObject({
  email: z.email('must be an e-mail address').max(254),
  name: z.string().trim().min(1).max(120),
  password: z.string().min(MIN_PASSWORD_LENGTH, `must have at least ${MIN_PASSWORD_LENGTH} characters`).max(128),
  role: z.enum(['user', 'admin']).default('user'),
});
export type NewUser = z.input<typeof newUserSchema>;

interface UserRow {
  id: string;
  email: string;
  name: string;
  role: string;
  created_at: Date;
}

const toUser = (row: UserRow): User => userSchema.parse({ ...row, createdAt: row.created_at.toISOString() });
const COLUMNS = 'id, email, name, role, created_at';

/** Everybody with an account, oldest first. */
export async function listUsers(pool: Pool): Promise<User[]> {
  const { rows } = await pool.query<UserRow>(`select ${COLUMNS} from users order by created_at, id`);
  return rows.map(toUser);
}

/** A new account with a password. Throws AppError `bad_request` for fields that will not do, `conflict` when the address has one already. */
export async function createUser({ pool }: { pool: Pool }, input: NewUser): Promise<User> {
  const user = parse(input);
  const hash = await hashPassword(user.password);
  return transaction(pool, async (client) => {
    const { rows } = await client.query<UserRow>(
      `insert into users (id, name, email, email_verified, role, updated_at) values ($1, $2, $3, true, $4, now())
       on conflict (email) do nothing returning ${COLUMNS}`,
      [randomUUID(), user.name, user.email.toLowerCase(), user.role],
    );
    const [row] = rows;
    if (row === undefined) throw new AppError('conflict', `There is an account for ${user.email} already.`, { field: 'email' });
    await insertPassword(client, row.id, hash);
    return toUser(row);
  });
}

/**
 * Makes sure that there is an admin of that address and password: a new account, or the one there is, which gets the
 * role and the password and loses its sessions. For whoever can reach the database anyway: the command line.
 */
export async function createAdmin({ pool }: { pool: Pool }, input: Omit<NewUser, 'role'>): Promise<{ user: User; created: boolean }> {
  const admin = parse({ ...input, role: 'admin' });
  const existing = await findByEmail(pool, admin.email);
  if (existing === null) return { user: await createUser({ pool }, admin), created: true };
  const hash = await hashPassword(admin.password);
  const user = await transaction(pool, async (client) => {
    await client.query('delete from sessions where user_id = $1', [existing.id]);
    await client.query(`delete from accounts where user_id = $1 and provider_id = 'credential'`, [existing.id]);
    await insertPassword(client, existing.id, hash);
    const { rows } = await client.query<UserRow>(`update users set role = 'admin', updated_at = now() where id = $1 returning ${COLUMNS}`, [existing.id]);
    return toUser(rows[0]!);
  });
  return { user, created: false };
}

/** At start, from the environment: creates the admin when there is no account of that address, and else changes nothing. */
export async function ensureAdmin(server: { pool: Pool }, input: Omit<NewUser, 'role'>): Promise<boolean> {
  if ((await findByEmail(server.pool, input.email)) !== null) return false;
  await createUser(server, { ...input, role: 'admin' });
  return true;
}

async function findByEmail(pool: Pool, email: string): Promise<User | null> {
  const { rows } = await pool.query<UserRow>(`select ${COLUMNS} from users where email = $1`, [email.toLowerCase()]);
  return rows[0] === undefined ? null : toUser(rows[0]);
}

async function insertPassword(client: PoolClient, userId: string, hash: string): Promise<void> {
  await client.query(`insert into accounts (id, user_id, account_id, provider_id, password, updated_at) values ($1, $2, $2, 'credential', $3, now())`, [
    randomUUID(),
    userId,
    hash,
  ]);
}

function parse(input: NewUser): z.infer<typeof newUserSchema> {
  const parsed = newUserSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new AppError('bad_request', `${field}: ${issue?.message ?? 'is not valid'}.`, { field, cause: parsed.error });
}
