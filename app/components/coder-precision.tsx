import { formatCount, formatScore, formatShare, plural } from '#lib/format/number.ts';
import { SCORER_NAMES } from '#lib/score/naming.ts';
import type { PrecisionLine } from '#lib/score/precision.ts';

/** How precise explanations are where latents fire as seldom as they do, over a sample; where nothing was measured, how to. */
export function CoderPrecision({ lines }: { lines: readonly PrecisionLine[] }) {
  const [first] = lines;
  return (
    <section className="section" aria-labelledby="precision">
      <h2 id="precision">
        At the rate at which they fire{' '}
        {first !== undefined && <span className="aside">a sample of {plural(Math.max(...lines.map(({ latents }) => latents)), 'latent')}</span>}
      </h2>
      {first === undefined ? (
        <p className="max-w-[48rem] text-t1 text-ink-2">
          Not measured yet. A run that scores by embedding measures a small sample by itself; a larger one, or with a language model’s verdicts:{' '}
          <code className="mono break-words">npm run -s atlas -- precision RUN</code>
        </p>
      ) : (
        <>
          <p className="mb-2 max-w-[48rem] text-t1 text-ink-2">
            Scores are taken on windows half of which fire. Text is not like that: this is how often a yes is right where firing windows are as rare as they
            are, judged among {plural(Math.round(first.nSilent / first.latents), 'random silent window')} a latent.
          </p>
          <div className="table-scroll" tabIndex={0} role="region" aria-label="Precision at the rate at which latents fire">
            <table className="table min-w-[44rem]">
              <thead>
                <tr>
                  <th scope="col">Judge</th>
                  <th scope="col">Explainer</th>
                  <th scope="col">Precision, median (95 %)</th>
                  <th scope="col" className="right">
                    Firing windows found
                  </th>
                  <th scope="col" className="right">
                    They fire in
                  </th>
                  <th scope="col" className="right">
                    Latents
                  </th>
                  <th scope="col" className="right">
                    Windows
                  </th>
                </tr>
              </thead>
              <tbody>
                {lines.map(({ scorer, method, precision, firing, medianRate, withValue, latents, nFiring, nSilent }) => (
                  <tr key={`${scorer} ${method}`}>
                    <td>{SCORER_NAMES[scorer].name}</td>
                    <td>{method}</td>
                    <td className="num">
                      {precision === null ? (
                        '–'
                      ) : (
                        <>
                          {formatScore(precision.median)}{' '}
                          <span className="text-ink-3">
                            ({formatScore(precision.lower)} to {formatScore(precision.upper)})
                          </span>
                        </>
                      )}
                    </td>
                    <td className="num right">{firing === null ? '–' : formatShare(firing.median)}</td>
                    <td className="num right">{formatShare(medianRate)} of windows</td>
                    <td className="num right">{withValue === latents ? formatCount(latents) : `${formatCount(withValue)} of ${formatCount(latents)}`}</td>
                    <td className="num right">{formatCount(nFiring + nSilent)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}
