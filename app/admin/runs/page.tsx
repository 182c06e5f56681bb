import type { Metadata } from 'next';
import { adminCaller } from '#app/viewer.ts';
import { RunForm } from '#app/components/run-form.tsx';
import { RunTable } from '#app/components/run-table.tsx';
import { start } from './actions.ts';

export const metadata: Metadata = { title: 'Runs', robots: { index: false } };

export default async function RunsPage() {
  const api = await adminCaller();
  const [{ runs }, options] = await Promise.all([api.admin.runs.list({ limit: 50 }), api.admin.runs.options({})]);
  return (
    <main id="main">
      <h1 className="mb-6">Runs</h1>
      <div className="cols">
        <section className="section min-w-0">
          <h2>
            All runs <span className="aside">newest first</span>
          </h2>
          {runs.length === 0 ? <p className="text-ink-2">No run has been started yet.</p> : <RunTable runs={runs} />}
        </section>
        <section className="section min-w-0">
          <h2 id="start">Start a run</h2>
          {options.models.length === 0 ? (
            <p className="note">No model is registered yet. The launcher registers what is bundled; further ones are registered with the command line.</p>
          ) : (
            <RunForm options={options} action={start} />
          )}
        </section>
      </div>
    </main>
  );
}
