'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { type PublicRun, publicRunSchema } from '#lib/run/public.ts';
import { StageList } from './stage-list.tsx';

const STATE_TEXT: Record<PublicRun['state'], string> = {
  queued: 'Waiting for a worker.',
  running: 'Latents appear here as they are explained; search finds them once they are indexed.',
  finished: 'Finished.',
  failed: 'The run failed. An admin sees why.',
  cancelled: 'The run was cancelled.',
};

/**
 * A run's stages, live. The server draws the first picture; server-sent events `progress` bring the next ones, and when
 * the run ends the page is asked for once more, so that its counts are right.
 */
export function LiveRun({ initial, events, caption = true }: { initial: PublicRun; events: string; caption?: boolean }) {
  const [run, setRun] = useState(initial);
  const router = useRouter();
  useEffect(() => {
    const source = new EventSource(events);
    source.addEventListener('progress', (message: MessageEvent<string>) => {
      const data: unknown = JSON.parse(message.data);
      const next = data === null ? null : publicRunSchema.parse(data);
      if (next !== null && next.id === initial.id) setRun(next);
      if (next === null || next.id !== initial.id || next.finishedAt !== null) {
        source.close();
        router.refresh();
      }
    });
    return () => source.close();
  }, [events, initial.id, router]);
  return (
    <div aria-live="off">
      <StageList stages={run.stages} />
      {caption && <p className="mt-2 text-t1 text-ink-3">{STATE_TEXT[run.state]}</p>}
    </div>
  );
}
