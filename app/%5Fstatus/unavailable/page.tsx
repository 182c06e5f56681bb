import type { Metadata } from 'next';
import { headers } from 'next/headers';
import { StatusPage } from '#app/components/status-page.tsx';
import { refusalMessage } from '#app/refusal-message.ts';

export const metadata: Metadata = { title: 'Unavailable', robots: { index: false } };

export default async function UnavailablePage() {
  const path = (await headers()).get('x-atlas-path') ?? '/';
  return (
    <StatusPage status={503} title="The catalogue cannot be read at the moment" message={await refusalMessage('The database does not answer.')}>
      <p className="mb-4 text-t1 text-ink-3">Nothing is lost: pages come back as soon as the database answers, usually within seconds.</p>
      <a className="btn" href={path}>
        Try again
      </a>
    </StatusPage>
  );
}
