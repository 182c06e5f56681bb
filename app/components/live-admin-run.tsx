'use client';

import type { RunEventView, RunSummary } from '#lib/run/schema.ts';
import { whyWaiting } from '#lib/run/waiting.ts';
import { RunLog } from './run-log.tsx';
import { RunStateChip } from './run-state-chip.tsx';
import { StageList } from './stage-list.tsx';
import { useRunStream } from './use-run-stream.ts';

/** One run as an admin watches it: state, stages and log, live. */
export function LiveAdminRun({ initial, log }: { initial: RunSummary; log: readonly RunEventView[] }) {
  const { run, events } = useRunStream(initial, `/api/runs/${initial.id}/events`, log);
  const waiting = whyWaiting(run);
  return (
    <>
      <section className="section">
        <h2>
          Stages <RunStateChip state={run.state} />
        </h2>
        {waiting !== null && (
          <p className="note mb-3" role="status">
            This run is {waiting}.
          </p>
        )}
        <StageList stages={run.stages} />
      </section>
      <section className="section">
        <h2>
          Log <span className="aside">{events.length === 1 ? '1 event' : `${events.length} events`}, newest first</span>
        </h2>
        <RunLog events={events} />
      </section>
    </>
  );
}
