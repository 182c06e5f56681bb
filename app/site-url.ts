import { headers } from 'next/headers';
import { errorCode } from '#server/caller.ts';
import { getServer } from '#server/process.ts';

/**
 * Where visitors find the site, for addresses that must be whole: canonical ones, previews, snippets to paste. While
 * the database cannot be reached nothing is open to be asked; then it is what this visitor's browser calls us.
 */
export async function siteUrl(): Promise<URL> {
  try {
    return new URL((await getServer()).environment.siteUrl);
  } catch (error) {
    if (errorCode(error) !== 'database_unavailable') throw error;
    return new URL(`http://${(await headers()).get('host') ?? 'localhost'}`);
  }
}
