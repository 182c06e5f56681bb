import { AppError, ERROR_STATUS, isAppError } from '#lib/errors/app-error.ts';
import { toAppError } from '#server/api/problem.ts';
import { headersMay } from '#server/caller.ts';
import { assertExists } from '#server/catalogue/exists.ts';
import { getServer } from '#server/process.ts';
import { getRun } from '#server/runs/queries.ts';

/** Why a page is not shown: one of the pages in app/%5Fstatus, its HTTP status, and a sentence for the visitor. */
export interface Refusal {
  view: 'missing' | 'forbidden' | 'unavailable';
  status: number;
  message: string;
}

/** Pages that read nothing: shown also when the database is down. */
const WITHOUT_DATABASE = new Set(['/about', '/docs/api', '/sign-in']);
const LARGEST_INDEX = 2 ** 31 - 1;

/**
 * Decides, before a page is drawn, whether it can be. Next.js sets a status during rendering only by throwing the
 * rendered page away for an empty one that scripts fill in; asked here, a missing latent answers 404, an admin page 403
 * and a silent database 503, each with a page that reads without JavaScript.
 *
 * @returns null when the page may be drawn
 */
export async function gate(path: string, headers: Headers): Promise<Refusal | null> {
  if (WITHOUT_DATABASE.has(path)) return null;
  try {
    await check(path, headers);
    return null;
  } catch (error) {
    const known = toAppError(error);
    const status = ERROR_STATUS[known.code];
    if (known.code === 'not_found') return { view: 'missing', status, message: known.message };
    if (known.code === 'forbidden' || known.code === 'unauthorised') return { view: 'forbidden', status: 403, message: known.message };
    if (known.code === 'database_unavailable') return { view: 'unavailable', status, message: known.message };
    // Anything else is a fault of ours: the page meets it again, and the error page shows it with its digest.
    if (!isAppError(error)) (await getServer()).log.error({ event: 'gate_failed', path, error });
    return null;
  }
}

async function check(path: string, headers: Headers): Promise<void> {
  const parts = path.split('/').slice(1).map(decodePart);
  const [first, coder, last] = parts;
  if (first === 'admin') {
    if (!(await headersMay(headers, 'runs.manage'))) throw new AppError('forbidden', 'Only an admin may see this page.');
    if (parts.length === 1 || (parts.length === 2 && coder === 'runs')) return;
    if (parts.length === 3 && coder === 'runs' && /^[1-9]\d{0,17}$/.test(last as string)) {
      await getRun((await getServer()).pool, last as string);
      return;
    }
    throw nothingAt(path);
  }
  const { pool } = await getServer();
  if (first === undefined || first === '' || first === 'search' || first === 'random') {
    await pool.query('select 1');
  } else if (parts.length === 1) {
    await assertExists(pool, { model: first });
  } else if (parts.length === 2 || (parts.length === 3 && last === 'random')) {
    await assertExists(pool, { model: first, coder });
  } else if (parts.length === 3 && /^\d{1,10}$/.test(last as string) && Number(last) <= LARGEST_INDEX) {
    await assertExists(pool, { model: first, coder, index: Number(last) });
  } else {
    throw nothingAt(path);
  }
}

function nothingAt(path: string): AppError {
  return new AppError('not_found', `There is no page at ${path}.`);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A stray % is no encoding; no name in the catalogue has one, so that it is simply not found.
    return part;
  }
}
