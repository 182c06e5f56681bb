import type { PublicRun } from '#lib/run/public.ts';
import { LiveRun } from './live-run.tsx';

/** The run going on now, on the home page: drawn by the server, kept up to date by the browser. */
export function RunPanel({ run }: { run: PublicRun }) {
  return (
    <section className="section" aria-label="The run going on now">
      <h2>
        Run {run.id}{' '}
        <span className="aside">
          {run.model} · {run.coder} · on {run.text}
        </span>
      </h2>
      <LiveRun initial={run} events="/api/runs/current/events" />
    </section>
  );
}
