'use server';

import { cookies, headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { z } from 'zod';
import { getServer } from '#server/process.ts';
import { signInWithPassword, signOutSession, type CookieToSet } from '#server/auth/sign-in.ts';

export interface SignInState {
  message: string | null;
  email: string;
}

const formSchema = z.object({ email: z.string().max(254), password: z.string().max(128), next: z.string().max(500) });

/** Signs in and goes on to where the visitor wanted to be; otherwise back to the form, saying why. */
export async function signIn(_before: SignInState, form: FormData): Promise<SignInState> {
  const { email, password, next } = formSchema.parse({ email: form.get('email') ?? '', password: form.get('password') ?? '', next: form.get('next') ?? '' });
  const result = await signInWithPassword(await getServer(), await headers(), { email, password });
  if (result.kind === 'refused') return { message: result.message, email };
  await setCookies(result.cookies);
  redirect(localPath(next));
}

export async function signOut(): Promise<void> {
  await setCookies(await signOutSession(await getServer(), await headers()));
  redirect('/');
}

async function setCookies(toSet: readonly CookieToSet[]): Promise<void> {
  const store = await cookies();
  for (const { name, value, ...options } of toSet) store.set(name, value, options);
}

/** Only a path of this site: an address that somebody else put into the link must not lead away after signing in. */
function localPath(next: string): string {
  return /^\/(?![/\\])[\w./~%@:?&=+-]*$/.test(next) ? next : '/admin/runs';
}
