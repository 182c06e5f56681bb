import type { ReactNode } from 'react';
import type { EnterState } from '#app/[model]/[coder]/[index]/actions.ts';
import { href } from '#lib/url/href.ts';
import { ExplanationForm } from './explanation-form.tsx';

/** Where somebody says in their own words when a latent fires; to a visitor who is not signed in, the way there. */
export function ExplanationEntry({
  signedIn,
  address,
  action,
  children,
}: {
  signedIn: boolean;
  address: string;
  action: (before: EnterState, form: FormData) => Promise<EnterState>;
  /** What was entered before. */
  children?: ReactNode;
}) {
  return (
    <section className="section no-print" aria-labelledby="entry">
      <h2 id="entry">Know better?</h2>
      {signedIn ? (
        <ExplanationForm action={action} />
      ) : (
        <p className="text-t1 text-ink-2">
          <a className="link" href={href('/sign-in', { next: address })}>
            Sign in
          </a>{' '}
          to say in your own words when this latent fires. Its exam is of documents that no page shows.
        </p>
      )}
      {children}
    </section>
  );
}
