import { setTimeout } from 'node:timers/promises';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { APIError, createAuthMiddleware, getIP } from 'better-auth/api';
import { z } from 'zod';
import type { Database } from '#platform/database/database.ts';
import type { Log } from '#platform/log/log.ts';
import { believedHeaders } from '#server/http/peer-address.ts';
import { createSignInLimit, type SignInLimit } from './sign-in-limit.ts';
import { MIN_PASSWORD_LENGTH } from './users.ts';

/** What this site has no use for stays shut: accounts are made by admins, and nothing sends e-mail. */
const DISABLED_PATHS = [
  '/sign-up/email',
  '/sign-in/social',
  '/link-social',
  '/unlink-account',
  '/change-email',
  '/delete-user',
  '/delete-user/callback',
  '/request-password-reset',
  '/reset-password',
  '/reset-password/:token',
  '/send-verification-email',
  '/verify-email',
  '/callback/:id',
  '/get-access-token',
  '/refresh-token',
  '/account-info',
];

const WEEK_SECONDS = 7 * 24 * 3600;
const DAY_SECONDS = 24 * 3600;

const signInBodySchema = z.object({ email: z.string() });

export interface AuthOptions {
  prisma: Database['prisma'];
  /** Where visitors find the site; cookies are secure when it is https. */
  siteUrl: string;
  secret: string;
  /** Addresses and CIDR ranges whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  log: Log;
  limit?: SignInLimit;
}

/** Sign-in by e-mail and password, sessions in our own tables. */
export function createAuth({ prisma, siteUrl, secret, trustedProxies, log, limit = createSignInLimit() }: AuthOptions) {
  const accountOf = (path: string, body: unknown): string | null => {
    if (path !== '/sign-in/email') return null;
    const parsed = signInBodySchema.safeParse(body);
    return parsed.success ? parsed.data.email.trim().toLowerCase() : null;
  };
  const auth = betterAuth({
    appName: 'Latent Atlas',
    baseURL: siteUrl,
    basePath: '/api/auth',
    secret,
    database: prismaAdapter(prisma, { provider: 'postgresql', transaction: true }),
    trustedOrigins: trustedOrigins(siteUrl),
    disabledPaths: DISABLED_PATHS,
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: MIN_PASSWORD_LENGTH, maxPasswordLength: 128 },
    user: { additionalFields: { role: { type: 'string', required: false, defaultValue: 'user', input: false } } },
    session: { expiresIn: WEEK_SECONDS, updateAge: DAY_SECONDS },
    // By address, which `handler` below has put where it can be believed; by address and account: the hooks.
    rateLimit: { enabled: true, storage: 'memory', window: 60, max: 120, customRules: { '/sign-in/email': { window: 60, max: 10 } } },
    advanced: {
      cookiePrefix: 'atlas',
      ipAddress: { ipAddressHeaders: ['x-forwarded-for'], trustedProxies: [...trustedProxies] },
      useSecureCookies: new URL(siteUrl).protocol === 'https:',
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
    },
    telemetry: { enabled: false },
    databaseHooks: {
      session: {
        create: {
          async after({ userId }) {
            await prisma.user.updateMany({ where: { id: userId, signedInAt: null }, data: { signedInAt: new Date() } });
          },
        },
      },
    },
    logger: {
      level: 'warn',
      log: (level, message, ...details) => log[level === 'error' ? 'error' : 'warn']({ event: 'auth', message, ...(details.length > 0 && { details }) }),
    },
    onAPIError: {
      // Without this, refusals are printed to the console in a form of their own.
      onError(error) {
        const refusal = error instanceof APIError && error.statusCode < 500;
        log[refusal ? 'info' : 'error']({ event: refusal ? 'auth_refused' : 'auth_failed', error });
      },
    },
    hooks: {
      before: createAuthMiddleware(async (request) => {
        const account = accountOf(request.path, request.body);
        if (account === null) return;
        const verdict = limit.attempt(addressOf(request), account);
        if ('refused' in verdict) {
          const message = `Too many attempts: try again in ${verdict.refused} s.`;
          throw new APIError('TOO_MANY_REQUESTS', { message }, { 'retry-after': String(verdict.refused) });
        }
        if (verdict.held === 0) return;
        try {
          await setTimeout(verdict.held);
        } finally {
          limit.released();
        }
      }),
      after: createAuthMiddleware(async (request) => {
        const account = accountOf(request.path, request.body);
        if (account !== null && request.context.newSession !== null) limit.succeeded(addressOf(request), account);
      }),
    },
  });
  return {
    ...auth,
    handler: (request: Request): Promise<Response> => auth.handler(new Request(request, { headers: believedHeaders(request.headers, trustedProxies) })),
  };
}

/** The visitor's address as the limits count it (an IPv6 network of 64 bits is one); empty where it is unknown. */
function addressOf({ headers, context }: { headers?: Headers | undefined; context: { options: Parameters<typeof getIP>[1] } }): string {
  return (headers && getIP(headers, context.options)) ?? '';
}

export type Auth = ReturnType<typeof createAuth>;

/** The site's origin; on this machine its other names too, since people type either. */
export function trustedOrigins(siteUrl: string): string[] {
  const url = new URL(siteUrl);
  const hosts = ['localhost', '127.0.0.1', '[::1]'];
  if (!hosts.includes(url.hostname)) return [url.origin];
  return hosts.map((host) => `${url.protocol}//${host}${url.port === '' ? '' : `:${url.port}`}`);
}
