import { z } from 'zod';
import { API_KEY_SCOPES, actorUser } from '#server/access/actor.ts';
import { procedure, router } from '#server/api/trpc.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { apiKeySchema, createApiKey, listApiKeys, revokeApiKey } from './api-keys.ts';
import { createUser, listUsers, newUserSchema, userSchema } from './users.ts';

export const adminUsersRouter = router({
  list: procedure('people.manage', { method: 'GET', path: '/admin/users', tags: ['Administration'], summary: 'Everybody with an account' })
    .input(z.object({}))
    .output(z.object({ users: z.array(userSchema) }))
    .query(async ({ ctx: { server } }) => ({ users: await listUsers(server.pool) })),

  create: procedure('people.manage', { method: 'POST', path: '/admin/users', tags: ['Administration'], summary: 'Give somebody an account' })
    .input(newUserSchema)
    .output(userSchema)
    .mutation(({ ctx: { server }, input }) => createUser(server, input)),
});

export const adminKeysRouter = router({
  list: procedure('keys.manage', { method: 'GET', path: '/admin/api-keys', tags: ['Administration'], summary: 'Your API keys, without their secrets' })
    .input(z.object({}))
    .output(z.object({ keys: z.array(apiKeySchema) }))
    .query(async ({ ctx: { server, actor } }) => ({ keys: await listApiKeys(server.pool, userId(actor)) })),

  create: procedure('keys.manage', { method: 'POST', path: '/admin/api-keys', tags: ['Administration'], summary: 'Make an API key; it is shown this once' })
    .input(z.object({ name: z.string().trim().min(1).max(80), scopes: z.array(z.enum(API_KEY_SCOPES)).min(1).default(['read']) }))
    .output(apiKeySchema.extend({ key: z.string() }))
    .mutation(({ ctx: { server, actor }, input }) => createApiKey(server.pool, { userId: userId(actor), ...input })),

  revoke: procedure('keys.manage', { method: 'POST', path: '/admin/api-keys/{id}/revoke', tags: ['Administration'], summary: 'Revoke one of your API keys' })
    .input(z.object({ id: z.string().regex(/^[1-9][0-9]{0,17}$/) }))
    .output(apiKeySchema)
    .mutation(({ ctx: { server, actor }, input }) => revokeApiKey(server.pool, { userId: userId(actor), id: input.id })),
});

function userId(actor: Parameters<typeof actorUser>[0]): string {
  const user = actorUser(actor);
  if (user === null) throw new AppError('unauthorised', 'Sign in first.');
  return user.id;
}
