import { headers } from 'next/headers';
import { forbidden } from 'next/navigation';
import { cache } from 'react';
import type { Viewer } from '#app/components/site-header.tsx';
import { actorUser } from '#server/access/actor.ts';
import type { ApiCaller } from '#server/api/router.ts';
import { type FirstSignIn, firstSignIn } from '#server/auth/first-sign-in.ts';
import { callerFor, currentActor, errorCode, headersMay } from '#server/caller.ts';
import { getServer } from '#server/process.ts';

/** Who is looking; nobody when the database cannot say, so that the frame of a page never fails. */
export const currentViewer = cache(async (): Promise<Viewer | null> => {
  try {
    const user = actorUser(await currentActor(await headers()));
    return user === null ? null : { name: user.name, admin: user.role === 'admin' };
  } catch (error) {
    if (errorCode(error) === 'internal') throw error;
    return null;
  }
});

/** Where the first admin's password lies, on the sign-in page of a fresh instance of this machine; else null. */
export async function currentFirstSignIn(): Promise<FirstSignIn | null> {
  try {
    const { pool, environment } = await getServer();
    return await firstSignIn(pool, environment);
  } catch (error) {
    if (errorCode(error) === 'internal') throw error;
    return null;
  }
}

/** The procedures as the admin who is looking. Answers 403 for anybody else, even if the gate before the page let them by. */
export async function adminCaller(): Promise<ApiCaller> {
  const from = await headers();
  if (!(await headersMay(from, 'runs.manage'))) forbidden();
  return callerFor(from);
}
