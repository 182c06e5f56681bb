'use client';

import { whatIsGoingOn } from '#lib/run/going-on.ts';
import type { PublicRun } from '#lib/run/public.ts';
import { StageList } from './stage-list.tsx';
import { useRunStream } from './use-run-stream.ts';

/** The stages of the run going on, live, for everybody. */
export function LiveRun({ initial, events }: { initial: PublicRun; events: string }) {
  const { run } = useRunStream(initial, events);
  return (
    <>
      <StageList stages={run.stages} />
      <p className="mt-2 text-t1 text-ink-3">{whatIsGoingOn(run)}</p>
    </>
  );
}
