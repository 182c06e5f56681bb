import type { ReactNode } from 'react';

/** A page that is not what was asked for: its status, what happened, and ways on. */
export function StatusPage({ status, title, message, children }: { status: number; title: string; message: string; children: ReactNode }) {
  return (
    <main id="main">
      <section className="mx-auto my-[10vh] max-w-[38rem]">
        <p className="num mb-2 text-t1 text-ink-3">{status}</p>
        <h1>{title}</h1>
        <p className="mt-2 mb-6 text-ink-2">{message}</p>
        {children}
      </section>
    </main>
  );
}
