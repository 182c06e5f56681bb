'use client';

import type { PublicRun } from '#lib/run/public.ts';
import { StageList } from './stage-list.tsx';
import { useRunStream } from './use-run-stream.ts';

const STATE_TEXT: Record<PublicRun['state'], string> = {
  queued: 'Waiting for a worker.',
  running: 'Latents appear here as they are explained; search finds them once they are indexed.',
  finished: 'Finished.',
  failed: 'The run failed. An admin sees why.',
  cancelled: 'The run was cancelled.',
};

/** The stages of the run going on, live, for everybody. */
export function LiveRun({ initial, events }: { initial: PublicRun; events: string }) {
  const { run } = useRunStream(initial, events);
  return (
    <>
      <StageList stages={run.stages} />
      <p className="mt-2 text-t1 text-ink-3">{STATE_TEXT[run.state]}</p>
    </>
  );
}
