'use client';

import { StatusPage } from './components/status-page.tsx';

/** A fault of ours: what can be done, and the number under which the site's log has the details. Never a stack. */
export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <StatusPage
      status={500}
      title="Something went wrong on our side"
      message="The page could not be drawn. Trying again often helps; if it does not, tell an admin the number below."
    >
      {error.digest !== undefined && <p className="num mb-4 text-t1 text-ink-3">digest {error.digest}</p>}
      <button type="button" className="btn" onClick={reset}>
        Try again
      </button>
    </StatusPage>
  );
}
