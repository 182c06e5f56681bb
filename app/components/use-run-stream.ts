'use client';

import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { stageInHand } from '#lib/run/going-on.ts';
import { type PublicRun, publicRunSchema } from '#lib/run/public.ts';
import { runEventSchema, type RunEventView, type Stage } from '#lib/run/schema.ts';

/**
 * A run as the server drew it, kept up to date by server-sent events: `progress` with the run, `log` with what happened.
 * When the run comes to its next stage, is over, or another one is the current one, the page is asked for once more, so
 * that all of it is right.
 */
export function useRunStream(initial: PublicRun, url: string, log: readonly RunEventView[] = []): { run: PublicRun; events: readonly RunEventView[] } {
  const [run, setRun] = useState(initial);
  const [events, setEvents] = useState(log);
  const router = useRouter();
  const over = initial.finishedAt !== null;
  useEffect(() => {
    if (over) return;
    const source = new EventSource(url);
    let stage: Stage | null | undefined;
    source.addEventListener('progress', (message: MessageEvent<string>) => {
      const data: unknown = JSON.parse(message.data);
      const next = data === null ? null : publicRunSchema.parse(data);
      if (next?.id === initial.id) {
        setRun(next);
        const inHand = next.startedAt === null ? null : stageInHand(next);
        if (stage !== undefined && stage !== inHand) router.refresh();
        stage = inHand;
      }
      if (next?.id !== initial.id || next.finishedAt !== null) {
        source.close();
        router.refresh();
      }
    });
    source.addEventListener('log', (message: MessageEvent<string>) => {
      const event = runEventSchema.parse(JSON.parse(message.data));
      // The stream begins with the whole log, most of which the server has drawn already.
      setEvents((known) => (known.some((one) => one.id === event.id) ? known : [...known, event]));
    });
    return () => source.close();
  }, [url, initial.id, over, router]);
  return { run, events };
}
