'use client';

import { useActionState } from 'react';
import type { SignInState } from '#app/sign-in/actions.ts';

/** E-mail and password. A plain form: it works before its script has loaded, and without it. */
export function SignInForm({ action, next }: { action: (before: SignInState, form: FormData) => Promise<SignInState>; next: string }) {
  const [state, submit, pending] = useActionState(action, { message: null, email: '' });
  return (
    <form action={submit} className="flex flex-col gap-3">
      <input type="hidden" name="next" value={next} />
      <label className="flex flex-col gap-1 text-t1 text-ink-2">
        E-mail
        <input
          key={state.email}
          className="input"
          type="email"
          name="email"
          defaultValue={state.email}
          autoComplete="username"
          required
          maxLength={254}
          aria-describedby="sign-in-message"
        />
      </label>
      <label className="flex flex-col gap-1 text-t1 text-ink-2">
        Password
        <input className="input" type="password" name="password" autoComplete="current-password" required maxLength={128} aria-describedby="sign-in-message" />
      </label>
      <p id="sign-in-message" role="alert" className={state.message === null ? 'sr-only' : 'note note-bad'}>
        {state.message}
      </p>
      <button type="submit" className="btn btn-main !min-h-[36px]" disabled={pending}>
        {pending ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
