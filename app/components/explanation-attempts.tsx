import type { ExplanationAttempt } from '#lib/explanation/schema.ts';

/** Which method statistics chose and why, and what a run asked for in vain: nothing is left out silently. */
export function ExplanationAttempts({ attempts }: { attempts: readonly ExplanationAttempt[] }) {
  const shown = attempts.filter(({ reason, cause }) => reason !== null || cause !== null);
  if (shown.length === 0) return null;
  return (
    <ul className="mt-2 mb-4 flex flex-col gap-1 text-t1 text-ink-2" aria-label="How explainers were chosen and fared">
      {shown.map(({ asked, method, reason, cause, message }) => (
        <li key={asked}>
          {reason !== null && (
            <>
              Chosen by its statistics: <span className="mono">{method ?? 'no explanation'}</span>. {reason}
            </>
          )}
          {cause !== null && cause !== 'not_explainable' && (
            <span className={cause === 'unfit' ? '' : 'text-ink'}>
              {reason !== null && ' '}
              <span className="mono">{method ?? asked}</span> gave no explanation{cause === 'unfit' ? '' : ' (failed)'}: {message}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
