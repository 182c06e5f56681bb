import { formatClock } from '#lib/format/time.ts';
import type { RunEventView } from '#lib/run/schema.ts';

/** What happened in a run, newest first: time, level, stage, event and its facts. */
export function RunLog({ events }: { events: readonly RunEventView[] }) {
  if (events.length === 0) return <p className="text-t1 text-ink-3">Nothing yet.</p>;
  return (
    <ol className="max-h-[60vh] overflow-y-auto text-t1" tabIndex={0} aria-label="Log of the run">
      {[...events].reverse().map((event) => (
        <li key={event.id} className="flex flex-wrap gap-x-3 border-b border-line py-1">
          <time className="num text-ink-3" dateTime={event.at}>
            {formatClock(event.at)}
          </time>
          <span className={event.level === 'error' ? 'text-bad' : ''}>
            {event.level === 'info' ? '' : `${event.level}: `}
            {event.event}
          </span>
          {event.stage !== null && <span className="text-ink-3">{event.stage}</span>}
          <span className="mono min-w-0 break-all text-ink-3">{facts(event.data)}</span>
        </li>
      ))}
    </ol>
  );
}

/** Facts on a line; what is a table of its own elsewhere on the page is not said twice. */
function facts(data: RunEventView['data']): string {
  return Object.entries(data)
    .filter(([name]) => name !== 'scores')
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}
