import type { ExplanationView } from '#lib/explanation/schema.ts';

/** What an explanation was made from, as recorded. */
export function Provenance({ explanation }: { explanation: ExplanationView }) {
  const facts = Object.entries(explanation.provenance);
  if (facts.length === 0) return null;
  return (
    <details className="mt-2 text-t1">
      <summary className="text-ink-3">How it was made</summary>
      <dl className="pairs mt-1">
        <dt>run</dt>
        <dd className="num">{explanation.runId}</dd>
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt>{name}</dt>
            <dd className="mono min-w-0 break-all">{shown(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const LONGEST = 400;

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
