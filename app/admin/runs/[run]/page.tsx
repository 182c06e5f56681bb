import type { Metadata } from 'next';
import Link from 'next/link';
import { notFound } from 'next/navigation';
import { Breadcrumbs } from '#app/components/breadcrumbs.tsx';
import { LiveAdminRun } from '#app/components/live-admin-run.tsx';
import { RunPairs } from '#app/components/run-pairs.tsx';
import { RunResults } from '#app/components/run-results.tsx';
import { adminCaller } from '#app/viewer.ts';
import { formatInstant } from '#lib/format/time.ts';
import { settingText } from '#lib/run/setting-text.ts';
import { coderPath } from '#lib/url/href.ts';
import { errorCode } from '#server/caller.ts';
import { cancel } from './actions.ts';

interface Props {
  params: Promise<{ run: string }>;
}

/** The newest part of a log the server draws; the stream brings the rest. */
const LOG_DRAWN = 1000;

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Run ${(await params).run}`, robots: { index: false } };
}

export default async function RunPage({ params }: Props) {
  const api = await adminCaller();
  const { run: id } = await params;
  const found = await Promise.all([api.admin.runs.get({ run: id }), api.admin.runs.events({ run: id, limit: LOG_DRAWN })]).catch((error: unknown) => {
    if (errorCode(error) === 'not_found' || errorCode(error) === 'bad_request') return null;
    throw error;
  });
  if (found === null) notFound();
  const [run, { events }] = found;
  return (
    <main id="main">
      <Breadcrumbs
        items={[
          { text: 'Runs', href: '/admin/runs' },
          { text: run.id, mono: true },
        ]}
      >
        {run.finishedAt === null && (
          <details className="menu">
            <summary className="btn btn-bad">Cancel the run…</summary>
            <form action={cancel} className="card absolute right-0 z-10 mt-2 w-[18rem] max-sm:left-0">
              <div className="text-t1">
                <input type="hidden" name="run" value={run.id} />
                <p className="mb-2 text-ink-2">
                  Batches that are complete stay, with what is explained in them; the one in hand is lost, and what is not done will not be. This cannot be
                  undone.
                </p>
                <button type="submit" className="btn btn-bad">
                  Yes, cancel run {run.id}
                </button>
              </div>
            </form>
          </details>
        )}
      </Breadcrumbs>
      <h1>
        {run.model} / {run.coder}
      </h1>
      <p className="facts mt-2 mb-6">
        <span>on {run.text}</span>
        <span>began {formatInstant(run.startedAt ?? run.createdAt)}</span>
        {run.finishedAt !== null && <span>ended {formatInstant(run.finishedAt)}</span>}
        <Link className="link" href={coderPath(run.model, run.coder)} prefetch={false}>
          its latents
        </Link>
      </p>
      {run.failure !== null && (
        <div className="note note-bad mb-6" role="alert">
          <b>
            {run.failure.code}
            {run.failure.stage === null ? '' : ` in ${run.failure.stage}`}
          </b>
          : {run.failure.message}
        </div>
      )}
      <div className="cols">
        <div className="min-w-0">
          <LiveAdminRun key={`${run.id}-${run.state}`} initial={run} log={events} />
        </div>
        <aside className="min-w-0">
          <section className="section">
            <h2>Configuration</h2>
            <RunPairs of={Object.entries(run.config).map(([name, value]) => [name, settingText(value)] as const)} />
          </section>
          <RunResults results={run.results} />
        </aside>
      </div>
    </main>
  );
}
