import type { Metadata } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { StatusPage } from '#app/components/status-page.tsx';
import { currentViewer } from '#app/viewer.ts';
import { href } from '#lib/url/href.ts';

export const metadata: Metadata = { title: 'Not allowed', robots: { index: false } };

export default async function ForbiddenPage() {
  const viewer = await currentViewer();
  const path = (await headers()).get('x-atlas-path') ?? '/admin/runs';
  return (
    <StatusPage
      status={403}
      title="This page is for admins"
      message={viewer === null ? 'You are not signed in.' : `You are signed in as ${viewer.name}, who is not an admin. Ask an admin for the role.`}
    >
      {viewer === null && (
        <Link className="btn btn-main" href={href('/sign-in', { next: path })} prefetch={false}>
          Sign in
        </Link>
      )}
    </StatusPage>
  );
}
