import type { Metadata } from 'next';
import { SignInForm } from '#app/components/sign-in-form.tsx';
import type { PageParams } from '#lib/url/lenient.ts';
import { currentFirstSignIn, currentViewer } from '#app/viewer.ts';
import { signIn, signOut } from './actions.ts';

export const metadata: Metadata = { title: 'Sign in', robots: { index: false } };

export default async function SignInPage({ searchParams }: { searchParams: Promise<PageParams> }) {
  const { next } = await searchParams;
  const viewer = await currentViewer();
  const first = viewer === null ? await currentFirstSignIn() : null;
  return (
    <main id="main" className="!max-w-[26rem]">
      <h1 className="mt-[6vh] mb-4">Sign in</h1>
      {viewer === null ? (
        <>
          {first !== null && (
            <p className="note mb-4">
              Nobody has signed in yet. The first admin is <b>{first.email}</b>; the password lies in <code>{first.passwordFile}</code>.
            </p>
          )}
          <SignInForm action={signIn} next={typeof next === 'string' ? next : ''} />
          <p className="mt-6 text-t1 text-ink-3">
            Everything in the catalogue can be read without an account. Accounts are for admins, who start runs; {first === null ? 'they are' : 'others are'}{' '}
            made with <code>npm run atlas -- admin create</code>.
          </p>
        </>
      ) : (
        <>
          <p>You are signed in as {viewer.name}.</p>
          <form action={signOut} className="mt-4">
            <button type="submit" className="btn">
              Sign out
            </button>
          </form>
        </>
      )}
    </main>
  );
}
