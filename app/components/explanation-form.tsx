'use client';

import { useActionState, useId } from 'react';
import type { EnterState } from '#app/[model]/[coder]/[index]/actions.ts';
import { HUMAN_TEXT } from '#lib/explanation/human.ts';

/** One phrase under one's own name. A plain form: it works before its script has loaded, and without it. */
export function ExplanationForm({ action }: { action: (before: EnterState, form: FormData) => Promise<EnterState> }) {
  const [state, submit, pending] = useActionState(action, { text: '', error: null, entered: false });
  const id = useId();
  return (
    <form action={submit} className="flex flex-col gap-2">
      <label className="text-t1 text-ink-2" htmlFor={`${id}text`}>
        When does it fire, in one phrase?
      </label>
      <textarea
        key={`${state.text}${String(state.entered)}`}
        id={`${id}text`}
        className="input"
        name="text"
        rows={3}
        required
        minLength={HUMAN_TEXT.least}
        maxLength={HUMAN_TEXT.most}
        defaultValue={state.text}
        aria-invalid={state.error !== null}
        aria-describedby={`${id}hint ${id}error`}
      />
      <p id={`${id}hint`} className="text-t1 text-ink-3">
        At most {HUMAN_TEXT.most} characters. It is shown to everybody under your name, as text. You can withdraw it later.
      </p>
      <p id={`${id}error`} role="alert" className={state.error === null ? 'sr-only' : 'note note-bad'}>
        {state.error}
      </p>
      <p role="status" className={state.entered ? 'note' : 'sr-only'}>
        {state.entered ? 'Entered. It stands among the explanations now.' : ''}
      </p>
      <p>
        <button type="submit" className="btn" disabled={pending}>
          {pending ? 'Entering…' : 'Enter explanation'}
        </button>
      </p>
    </form>
  );
}
