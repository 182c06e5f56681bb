import { notFound } from 'next/navigation';
import type { ApiCaller } from '#server/api/router.ts';
import { errorCode, publicCaller } from '#server/caller.ts';

/**
 * What a public page reads. Whatever is missing has been answered before the page began (app/gate.ts); this is for what
 * went away in between.
 */
export async function read<T>(work: (api: ApiCaller) => Promise<T>): Promise<T> {
  try {
    return await work(await publicCaller());
  } catch (error) {
    if (errorCode(error) === 'not_found') notFound();
    throw error;
  }
}
