import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { searchResultsSchema, type SearchResults } from '#lib/search/schema.ts';
import { duration } from './progress-line.ts';
import { currentRun } from './run-watch.ts';

/** A run on the demo's half million tokens takes under five minutes on two cores; four times that on a busy machine. */
const RUN_SECONDS = 20 * 60;
const EMBEDDER_SECONDS = 30;
const REQUEST_MS = 30_000;

/**
 * Wait for the run to finish, then ask the site what a visitor would: a search for the best explanation's own words, and
 * that latent's page. Returns the summary. Throws AppError saying what is wrong.
 */
export async function checkInstance(pool: Pool, site: string, signal: AbortSignal): Promise<string> {
  const seconds = await waitForRun(pool, signal);
  const counts = await latentCounts(pool);
  const best = await bestLatent(pool);
  // The longest words say the most; the short ones are in every explanation.
  const query = [...new Set(words(best.text))]
    .sort((a, b) => b.length - a.length)
    .slice(0, 3)
    .join(' ');
  const { results, took } = await search(`${site}/api/v1/search?q=${encodeURIComponent(query)}`, signal);
  if (results.total === 0) throw new AppError('not_found', `The search for “${query}” found nothing, though ${best.path} is explained so.`);
  const page = words((await get(site + best.path)).replace(/<[^>]*>/g, ' ')).join(' ');
  const expected = words(best.text).slice(0, 6).join(' ');
  if (!page.includes(expected)) throw new AppError('not_found', `The page ${best.path} does not show its explanation, “${best.text}”.`);
  const run = seconds === null ? 'run cancelled' : `run took ${duration(seconds)}`;
  return `check passed: ${run}; ${counts.explained} of ${counts.total} latents explained, ${counts.scored} scored; search “${query}” found ${results.total} (${results.mode}) in ${took} ms; page ${best.path} shows its explanation`;
}

/** Ask until the answer used the embedder too: right after a start the worker, which holds it, may still be opening it. */
async function search(url: string, signal: AbortSignal): Promise<{ results: SearchResults; took: number }> {
  const deadline = Date.now() + EMBEDDER_SECONDS * 1000;
  for (;;) {
    const started = performance.now();
    const results = searchResultsSchema.parse(JSON.parse(await get(url)));
    const took = Math.round(performance.now() - started);
    if (results.mode === 'hybrid' || Date.now() > deadline) return { results, took };
    await delay(500, undefined, { signal });
  }
}

async function waitForRun(pool: Pool, signal: AbortSignal): Promise<number | null> {
  const deadline = Date.now() + RUN_SECONDS * 1000;
  for (;;) {
    const run = await currentRun(pool);
    if (run?.state === 'failed') throw new AppError('internal', `Run ${run.id} failed in its ${run.failure?.stage ?? 'first'} stage: ${run.failure?.message}`);
    if (run?.state === 'finished' && run.startedAt && run.endedAt) return (run.endedAt.getTime() - run.startedAt.getTime()) / 1000;
    if (run?.state === 'cancelled') return null;
    if (Date.now() > deadline) throw new AppError('internal', `The run has not finished within ${RUN_SECONDS / 60} minutes.`);
    await delay(500, undefined, { signal });
  }
}

async function latentCounts(pool: Pool): Promise<{ total: number; explained: number; scored: number }> {
  const { rows } = await pool.query('SELECT count(*)::int AS total, count(headline_text)::int AS explained, count(headline_score)::int AS scored FROM latents');
  return z.object({ total: z.number(), explained: z.number(), scored: z.number() }).parse(rows[0]);
}

async function bestLatent(pool: Pool): Promise<{ path: string; text: string }> {
  const { rows } = await pool.query<{ model: string; coder: string; index: number; text: string }>(
    `SELECT m.slug AS model, c.slug AS coder, l.index, l.headline_text AS text
     FROM latents l JOIN sparse_coders c ON c.id = l.coder_id JOIN models m ON m.id = c.model_id
     WHERE l.headline_text IS NOT NULL ORDER BY l.headline_score_lower DESC NULLS LAST, l.index LIMIT 1`,
  );
  const [row] = rows;
  if (row === undefined) throw new AppError('not_found', 'The run has finished, but no latent has an explanation.');
  return { path: `/${row.model}/${row.coder}/${row.index}`, text: row.text };
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_MS) });
  const body = await response.text();
  if (!response.ok) throw new AppError('upstream_failed', `${url} answered ${response.status}: ${body.slice(0, 300)}`);
  return body;
}

/** Words of letters only, so that the page's entities and tags do not matter. */
function words(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replace(/&[#\w]+;/g, ' ')
      .match(/\p{L}+/gu) ?? []
  );
}
