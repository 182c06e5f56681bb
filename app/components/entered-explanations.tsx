'use client';

import { useActionState } from 'react';
import type { ModerateState } from '#app/[model]/[coder]/[index]/actions.ts';
import type { EnteredExplanation, ExplanationEvent } from '#lib/explanation/moderation.ts';
import { formatInstant } from '#lib/format/time.ts';

type Act = (before: ModerateState, form: FormData) => Promise<ModerateState>;

/** What people entered of a latent and what became of it: to its author, who can withdraw it, and to an admin, who can hide it and show it again. */
export function EnteredExplanations({ entered, admin, action }: { entered: readonly EnteredExplanation[]; admin: boolean; action: Act }) {
  if (entered.length === 0) return null;
  return (
    <div className="mt-4">
      <h3 className="text-t1 text-ink-2">{admin ? 'Entered here, by everybody' : 'What you entered here'}</h3>
      <ul className="mt-1 flex list-none flex-col gap-3 p-0">
        {entered.map((one) => (
          <li key={one.id}>
            <Entered entered={one} admin={admin} action={action} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Entered({ entered: { id, text, explainer, own, state, events }, admin, action }: { entered: EnteredExplanation; admin: boolean; action: Act }) {
  const [{ error }, submit, pending] = useActionState(action, { error: null });
  return (
    <form action={submit} className="text-t1">
      <input type="hidden" name="explanation" value={id} />
      <p className={state === 'public' ? '' : 'text-ink-3 line-through'}>{text}</p>
      <p className="text-ink-3">
        {admin && !own ? `${explainer} · ` : ''}version {id}
        {state === 'public' ? '' : state === 'hidden' ? ' · hidden from everybody else' : ' · withdrawn'}
      </p>
      {events
        .filter(({ action: done }) => done !== 'entered')
        .map((event) => (
          <p key={`${event.action} ${event.at}`} className="text-ink-3">
            {eventText(event)}
          </p>
        ))}
      {state !== 'withdrawn' && (
        <p className="mt-1 flex flex-wrap items-center gap-2">
          {own && (
            <button type="submit" name="do" value="withdraw" className="btn" disabled={pending}>
              Withdraw
            </button>
          )}
          {admin && state === 'public' && (
            <>
              <input
                name="reason"
                className="input min-w-0 flex-1"
                maxLength={300}
                placeholder="Why, for its author"
                aria-label={`Why version ${id} is hidden`}
              />
              <button type="submit" name="do" value="hide" className="btn btn-bad" disabled={pending}>
                Hide
              </button>
            </>
          )}
          {admin && state === 'hidden' && (
            <button type="submit" name="do" value="show" className="btn" disabled={pending}>
              Show again
            </button>
          )}
        </p>
      )}
      {error !== null && (
        <p role="alert" className="note note-bad">
          {error}
        </p>
      )}
    </form>
  );
}

const DONE: Record<ExplanationEvent['action'], string> = { entered: 'Entered', withdrawn: 'Withdrawn', hidden: 'Hidden', shown: 'Shown again' };

const eventText = ({ action, by, at, reason }: ExplanationEvent): string =>
  `${DONE[action]} by ${by}, ${formatInstant(at)}${reason === '' ? '' : `: ${reason}`}`;
