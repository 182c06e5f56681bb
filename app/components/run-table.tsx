import Link from 'next/link';
import { formatCompact } from '#lib/format/number.ts';
import { formatDuration, formatInstant } from '#lib/format/time.ts';
import type { RunSummary } from '#lib/run/schema.ts';
import { whyWaiting } from '#lib/run/waiting.ts';
import { RunStateChip } from './run-state-chip.tsx';

/** Runs as an admin sees them. */
export function RunTable({ runs }: { runs: readonly RunSummary[] }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Runs">
      <table className="table min-w-[40rem]">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col">Coder</th>
            <th scope="col">Text</th>
            <th scope="col" className="right">
              Tokens
            </th>
            <th scope="col">Began</th>
            <th scope="col" className="right">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td className="num">
                <Link className="link" href={`/admin/runs/${run.id}`} prefetch={false}>
                  {run.id}
                </Link>
              </td>
              <td>
                <RunStateChip state={run.state} />
                <span className="block text-t1 text-ink-3 empty:hidden">{whyWaiting(run)}</span>
              </td>
              <td className="mono">
                {run.model}/{run.coder}
              </td>
              <td>{run.text}</td>
              <td className="num right">{formatCompact(run.config.tokens)}</td>
              <td>{formatInstant(run.startedAt ?? run.createdAt)}</td>
              <td className="num right">{took(run)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function took(run: RunSummary): string {
  return run.startedAt === null || run.finishedAt === null ? '–' : formatDuration((Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000);
}
