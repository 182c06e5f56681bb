import type { Metadata } from 'next';
import Link from 'next/link';
import { SearchField } from '#app/components/search-field.tsx';
import { StatusPage } from '#app/components/status-page.tsx';
import { refusalMessage } from '#app/refusal-message.ts';

export const metadata: Metadata = { title: 'Not found', robots: { index: false } };

export default async function MissingPage() {
  return (
    <StatusPage status={404} title="This is not in the atlas" message={await refusalMessage('There is no page at this address.')}>
      <SearchField id="missing-search" big />
      <p className="mt-4 flex gap-4 text-t1">
        <Link className="link" href="/#models" prefetch={false}>
          All models
        </Link>
        <Link className="link" href="/search" prefetch={false}>
          Browse everything
        </Link>
      </p>
    </StatusPage>
  );
}
