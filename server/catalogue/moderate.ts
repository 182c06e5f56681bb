import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { enteredState, explanationEventSchema, type EnteredExplanation, type ExplanationEvent } from '#lib/explanation/moderation.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { ActorUser } from '#server/access/actor.ts';
import { findCoder } from './find.ts';

interface Place {
  model: string;
  coder: string;
  index: number;
}

interface EnteredRow {
  id: string;
  text: string;
  explainer: string;
  created_by_id: string | null;
  created_at: Date;
  events: unknown;
}

const ENTERED = `select x.id::text, x.text, x.explainer, x.created_by_id, x.created_at, coalesce((
    select json_agg(json_build_object('action', e.action, 'reason', e.reason, 'by', e.by_name, 'at', to_char(e.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by e.id)
      from explanation_events e where e.coder_id = x.coder_id and e.explanation_id = x.id), '[]') as events
  from explanations x where x.coder_id = $1 and x.latent_index = $2 and x.method = 'human'`;

/** What people entered of a latent and what became of it, newest first: to an admin everybody's, to others their own. Throws AppError `not_found`. */
export async function listEntered(pool: Pool, { model, coder, index }: Place, user: ActorUser): Promise<EnteredExplanation[]> {
  const { coderId } = await findCoder(pool, model, coder);
  const { rows } = await pool.query<EnteredRow>(`${ENTERED} and ($3 or x.created_by_id = $4) order by x.id desc`, [
    ...[coderId, index],
    ...[user.role === 'admin', user.id],
  ]);
  return rows.map((row) => toEntered(row, user));
}

function toEntered(row: EnteredRow, user: ActorUser): EnteredExplanation {
  const events = z.array(explanationEventSchema).parse(row.events);
  return { id: row.id, text: row.text, explainer: row.explainer, own: row.created_by_id === user.id, state: enteredState(events), events };
}

/**
 * Withdraws what somebody entered, for good; only its author may. Throws AppError `not_found` for what this person did not
 * enter of that latent, `conflict` when it is withdrawn already.
 */
export function withdrawExplanation(pool: Pool, place: Place & { explanation: string }, user: ActorUser): Promise<EnteredExplanation> {
  return act(pool, place, user, { action: 'withdrawn', reason: '' }, ({ own }) => own);
}

/**
 * Hides what somebody entered, or shows it again; the policy lets only admins ask. Throws AppError `not_found` for what nobody
 * entered of that latent, `conflict` when it is so already or was withdrawn.
 */
export function moderateExplanation(
  pool: Pool,
  { hidden, reason, ...place }: Place & { explanation: string; hidden: boolean; reason: string },
  user: ActorUser,
): Promise<EnteredExplanation> {
  return act(pool, place, user, { action: hidden ? 'hidden' : 'shown', reason }, () => true);
}

async function act(
  pool: Pool,
  { model, coder, index, explanation }: Place & { explanation: string },
  user: ActorUser,
  event: Pick<ExplanationEvent, 'action' | 'reason'>,
  mayBe: (entered: EnteredExplanation) => boolean,
): Promise<EnteredExplanation> {
  const { coderId } = await findCoder(pool, model, coder);
  return transaction(pool, async (client) => {
    // Two admins at once: the second finds what the first has done.
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`explanation ${coderId} ${explanation}`]);
    const before = await entered(client, coderId, index, explanation, user);
    if (before === null || !mayBe(before))
      throw new AppError('not_found', `Latent ${index} has no explanation ${explanation} that somebody entered and you may change.`, { field: 'explanation' });
    if (before.state === 'withdrawn')
      throw new AppError('conflict', 'This explanation was withdrawn by who entered it, and stays so.', { field: 'explanation' });
    if (event.action !== 'withdrawn' && (before.state === 'hidden') === (event.action === 'hidden'))
      throw new AppError('conflict', `This explanation is ${before.state === 'hidden' ? 'hidden' : 'shown'} already.`, { field: 'explanation' });
    await recordEvent(client, { coderId, index, explanation }, event, user);
    return (await entered(client, coderId, index, explanation, user)) as EnteredExplanation;
  });
}

async function entered(client: PoolClient, coderId: string, index: number, id: string, user: ActorUser): Promise<EnteredExplanation | null> {
  const { rows } = await client.query<EnteredRow>(`${ENTERED} and x.id = $3`, [coderId, index, id]);
  return rows[0] === undefined ? null : toEntered(rows[0], user);
}

/** Notes what was done, by whom and when. */
export async function recordEvent(
  client: PoolClient,
  { coderId, index, explanation }: { coderId: string; index: number; explanation: string },
  { action, reason }: Pick<ExplanationEvent, 'action' | 'reason'>,
  user: Pick<ActorUser, 'id' | 'name'>,
): Promise<void> {
  await client.query(
    'insert into explanation_events (coder_id, latent_index, explanation_id, action, reason, by_id, by_name) values ($1, $2, $3, $4, $5, $6, $7)',
    [coderId, index, explanation, action, reason, user.id, user.name],
  );
}
