import { formatCompact, formatCount } from '#lib/format/number.ts';
import type { RunEstimate } from '#lib/llm/estimate.ts';

const dollars = (usd: number | null): string => (usd === null ? 'unknown' : `$${usd.toFixed(usd < 1 ? 4 : 2)}`);

/** What a run would take of the language model, with what the figures rest on. */
export function RunEstimateTable({ estimate: { latents, total, byPurpose, seconds, basis, warning } }: { estimate: RunEstimate }) {
  return (
    <section role="status" className="note flex flex-col gap-2 text-t1">
      <p>
        About {formatCount(latents)} latents{seconds !== null && `, ${Math.max(1, Math.round(seconds / 60))} minutes of calls`}
      </p>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Estimate by purpose">
        <table className="num w-full text-right text-t0 [&_td]:pl-3 [&_th]:pl-3 [&_th:first-child]:pl-0">
          <thead>
            <tr>
              <th scope="col" className="text-left">
                For
              </th>
              <th scope="col">Calls</th>
              <th scope="col">Tokens in</th>
              <th scope="col">Cached</th>
              <th scope="col">Out</th>
              <th scope="col">Money</th>
            </tr>
          </thead>
          <tbody>
            {[...byPurpose, { purpose: 'in all', ...total }].map(({ purpose, calls, tokensIn, tokensCached, tokensOut, usd }) => (
              <tr key={purpose}>
                <th scope="row" className="text-left font-normal">
                  {purpose}
                </th>
                <td>{formatCount(calls)}</td>
                <td>{formatCompact(tokensIn)}</td>
                <td>{formatCompact(tokensCached)}</td>
                <td>{formatCompact(tokensOut)}</td>
                <td>{dollars(usd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {warning !== null && <p className="text-bad">{warning}</p>}
      {basis.map((sentence) => (
        <p key={sentence} className="text-ink-3">
          {sentence}
        </p>
      ))}
    </section>
  );
}
