import Link from 'next/link';
import type { LatentListInput, LatentRow } from '#lib/catalogue/schema.ts';
import { formatActivation, formatShare } from '#lib/format/number.ts';
import { STATUS_NAMES } from '#lib/latent/status-reason.ts';
import { latentPath } from '#lib/url/href.ts';
import { Whisker } from './whisker.tsx';

const COLUMNS = [
  { sort: 'index', text: 'Latent', firstOrder: 'asc' },
  { sort: null, text: 'Explanation', firstOrder: 'asc' },
  { sort: 'score', text: 'Embedding score, lower bound', firstOrder: 'desc' },
  { sort: 'frequency', text: 'Fires on', firstOrder: 'desc' },
  { sort: 'max_activation', text: 'Maximum', firstOrder: 'desc' },
] as const;

type Sort = LatentListInput['sort'];
type Order = LatentListInput['order'];

/** A coder's latents as a table; headings sort, and say how it is sorted. */
export function LatentTable({
  rows,
  sort,
  order,
  sortHref,
}: {
  rows: readonly LatentRow[];
  sort: Sort;
  order: Order;
  sortHref: (sort: Sort, order: Order) => string;
}) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Latents of this coder">
      <table className="table min-w-[52rem]">
        <thead>
          <tr>
            {COLUMNS.map((column) => {
              const active = column.sort === sort;
              const next: Order = active ? (order === 'asc' ? 'desc' : 'asc') : column.firstOrder;
              return (
                <th
                  key={column.text}
                  scope="col"
                  aria-sort={active ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
                  className={column.sort === 'frequency' || column.sort === 'max_activation' ? 'right' : undefined}
                >
                  {column.sort === null ? (
                    column.text
                  ) : (
                    <Link href={sortHref(column.sort, next)} prefetch={false} aria-current={active ? 'true' : undefined}>
                      {column.text}
                      {active && <span aria-hidden="true"> {order === 'asc' ? '↑' : '↓'}</span>}
                    </Link>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.index}>
              <td className="num">
                <Link href={latentPath(row.model, row.coder, row.index)} prefetch={false} className="link">
                  {row.index}
                </Link>
              </td>
              <td className="w-full max-w-0 min-w-[16rem]">
                <span className="block truncate" title={row.explanation ?? undefined}>
                  {row.explanation ?? <span className="text-ink-3">{row.status === 'ready' ? 'not explained yet' : STATUS_NAMES[row.status]}</span>}
                </span>
              </td>
              <td className="min-w-[19rem]">
                {row.score === null ? (
                  <span className="text-ink-3" title={row.failure ?? undefined}>
                    {row.failure === null ? '–' : 'failed'}
                  </span>
                ) : (
                  <Whisker name={`Latent ${row.index}, embedding score`} showName={false} score={row.score} />
                )}
              </td>
              <td className="num right">{formatShare(row.frequency)}</td>
              <td className="num right">{formatActivation(row.maxActivation)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
