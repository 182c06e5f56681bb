import { formatCount } from '#lib/format/number.ts';

export interface HistogramSeries {
  name: string;
  counts: readonly number[];
  /** Which of the style sheet's fills draws it. */
  tone: 'fire' | 'score' | 'control' | 'plain';
}

/**
 * Bars over bins from `from` to `to`, of equal width or (`scale` is `log`) equal ratio; the same numbers as a table for those who cannot see them.
 *
 * @param log draw the logarithm of the counts, so that a bin of three shows beside one of three thousand
 */
export function Histogram(props: {
  label: string;
  series: readonly HistogramSeries[];
  from: number;
  to: number;
  log?: boolean;
  scale?: 'linear' | 'log';
  format: (value: number) => string;
  unit: string;
  /** A line at a value, e.g. the median. */
  mark?: number;
}) {
  const { series, from, to } = props;
  const bins = series[0]?.counts.length ?? 0;
  const height = (count: number): number => (props.log ? Math.log1p(count) : count);
  const top = Math.max(1e-9, ...series.flatMap((one) => one.counts.map(height)));
  const edge = (bin: number): number => (props.scale === 'log' ? from * (to / from) ** (bin / bins) : from + ((to - from) * bin) / bins);
  const gap = bins > 40 ? 0.1 : 0.16;
  return (
    <figure>
      <svg className="hist" viewBox={`0 0 ${bins} 72`} preserveAspectRatio="none" role="img" aria-label={props.label}>
        {series.map((one) =>
          one.counts.map((count, bin) => {
            const tall = count === 0 ? 0 : Math.max(1.5, (height(count) / top) * 70);
            return (
              <rect key={`${one.name}-${bin}`} className={`hist-${one.tone}`} x={bin + gap / 2} width={1 - gap} y={72 - tall} height={tall}>
                <title>{`${props.format(edge(bin))} to ${props.format(edge(bin + 1))}: ${formatCount(count)} ${props.unit}`}</title>
              </rect>
            );
          }),
        )}
        {props.mark !== undefined && (
          <line className="hist-median" x1={((props.mark - from) / (to - from)) * bins} x2={((props.mark - from) / (to - from)) * bins} y1={0} y2={72} />
        )}
      </svg>
      <div className="scale">
        <span>{props.format(from)}</span>
        <span>{props.format(to)}</span>
      </div>
      <details className="text-t0 text-ink-3 no-print">
        <summary className="pt-1">As a table</summary>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">to</th>
              {series.map((one) => (
                <th key={one.name} scope="col" className="right">
                  {one.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: bins }, (_, bin) => (
              <tr key={bin}>
                <td className="num">{props.format(edge(bin))}</td>
                <td className="num">{props.format(edge(bin + 1))}</td>
                {series.map((one) => (
                  <td key={one.name} className="num right">
                    {formatCount(one.counts[bin] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
