import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { ENTRIES_AN_HOUR } from '#lib/explanation/moderation.ts';
import { transaction } from '#platform/database/transaction.ts';
import { queueEntered } from '#platform/queue/queue-entered.ts';
import type { ActorUser } from '#server/access/actor.ts';
import type { Server } from '#server/context.ts';
import { findCoder, noLatent } from './find.ts';
import { recordEvent } from './moderate.ts';

/** The exam of whatever is written after a page is public: whoever writes may have seen the windows of the other. */
const EXAM = 'reserve';

/**
 * Keeps what somebody says of a latent beside what runs found, under their name, and queues it to be scored on the sealed reserve. The
 * latent's headline stays a run's: nobody has checked this one. It is made from no document's text, so that a takedown
 * does not withhold it. Throws AppError `not_found` for an unknown latent, `conflict` when the same person has said just
 * this before, `rate_limited` for the 31st within an hour.
 */
export async function enterExplanation(
  { pool, queue }: Pick<Server, 'pool' | 'queue'>,
  { model, coder, index, text }: { model: string; coder: string; index: number; text: string },
  user: ActorUser,
): Promise<{ id: string }> {
  const place = await findCoder(pool, model, coder);
  const { rows: latents } = await pool.query<{ run_id: string; sample_key: string | null }>(
    'select run_id::text, sample_key from latents where coder_id = $1 and index = $2',
    [place.coderId, index],
  );
  const [latent] = latents;
  if (latent === undefined) throw noLatent(place, index);
  const inputKey = createHash('sha256').update(JSON.stringify(['human', user.id, text])).digest('hex').slice(0, 32); // prettier-ignore
  const provenance = { sampleKey: latent.sample_key, exam: EXAM, enteredBy: user.name, documents: [] };
  return transaction(pool, async (client) => {
    await withinLimit(client, user.id);
    const { rows } = await client.query<{ id: string }>(
      `insert into explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key, created_by_id)
       values ($1, $2, $3, 'human', $4, $5, $6, $7, $8) on conflict (coder_id, latent_index, input_key) do nothing returning id::text`,
      [place.coderId, index, latent.run_id, user.name, text, JSON.stringify(provenance), inputKey, user.id],
    );
    const [row] = rows;
    if (row === undefined) throw new AppError('conflict', 'You have entered this explanation of this latent before.', { field: 'text' });
    await recordEvent(client, { coderId: place.coderId, index, explanation: row.id }, { action: 'entered', reason: '' }, user);
    await queueEntered(client, queue.enqueue, latent.run_id, [row.id]);
    return { id: row.id };
  });
}

/** Throws AppError `rate_limited`, with the time from which on it is allowed again, when the account has entered its share within the last hour. */
async function withinLimit(client: PoolClient, userId: string): Promise<void> {
  // Entries sent at the same time are counted one after the other.
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`entries ${userId}`]);
  const { rows } = await client.query<{ at: Date }>(
    `select created_at + interval '1 hour' as at from explanation_events
      where by_id = $1 and action = 'entered' and created_at > now() - interval '1 hour' order by created_at desc offset $2 limit 1`,
    [userId, ENTRIES_AN_HOUR - 1],
  );
  const [free] = rows;
  if (free === undefined) return;
  throw new AppError(
    'rate_limited',
    `You have entered ${ENTRIES_AN_HOUR} explanations within an hour: go on after ${free.at.toISOString().slice(11, 16)} UTC.`,
    {
      retryable: true,
    },
  );
}
