import Link from 'next/link';
import type { CoderSummary, LatentDetail } from '#lib/catalogue/schema.ts';
import { formatCount, formatShare } from '#lib/format/number.ts';

type Status = LatentDetail['status'];

/** How many latents of a coder can be explained, are, and why the others cannot. */
export function StatusCounts({ counts, width, hrefOf }: { counts: CoderSummary['counts']; width: number; hrefOf: (status: Status) => string }) {
  const rows: { text: string; count: number; status: Status | null; why: string; of?: number; inner?: boolean }[] = [
    { text: 'ready', count: counts.ready, status: 'ready', why: 'enough evidence and enough exam' },
    { text: 'explained', count: counts.explained, status: null, why: 'of those ready', of: counts.ready, inner: true },
    { text: 'scored', count: counts.scored, status: null, why: 'of those explained', of: counts.explained, inner: true },
    { text: 'too few windows', count: counts.tooFewWindows, status: 'too_few_windows', why: 'fires too rarely in this text' },
    { text: 'too few documents', count: counts.tooFewDocuments, status: 'too_few_documents', why: 'fires in too few speeches or chapters' },
    { text: 'dead', count: counts.dead, status: 'dead', why: 'never fired in this text' },
    { text: 'not looked at', count: width - counts.latents, status: null, why: 'by any run' },
  ];
  return (
    <table className="table">
      <tbody>
        {rows
          .filter((row) => row.text !== 'not looked at' || row.count > 0)
          .map((row) => (
            <tr key={row.text}>
              <th scope="row" className="!text-ink !font-normal">
                {row.status === null || row.count === 0 ? (
                  <span className={row.inner === true ? 'pl-3' : ''}>{row.text}</span>
                ) : (
                  <Link className="link" href={`${hrefOf(row.status)}#latents`} prefetch={false}>
                    {row.text}
                  </Link>
                )}
              </th>
              <td className="num right">{formatCount(row.count)}</td>
              <td className="num right text-ink-3">{formatShare(row.count / Math.max(1, row.of ?? width))}</td>
              <td className="text-ink-3 max-sm:hidden">{row.why}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
