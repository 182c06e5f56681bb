import { formatCount, formatScore } from '#lib/format/number.ts';
import { runLatentsSchema, runScoresSchema } from '#lib/run/results.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import { scorerSchema } from '#lib/score/schema.ts';
import { STATUS_NAMES } from '#lib/latent/status-reason.ts';
import { RunPairs } from './run-pairs.tsx';

/** What a run found, as tables; keys and whatever else its stages left behind are folded below. */
export function RunResults({ results }: { results: Record<string, unknown> }) {
  const scores = runScoresSchema.safeParse(results['scores']).data;
  const latents = runLatentsSchema.safeParse(results['latents']).data;
  const rest = Object.entries(results).filter(([name]) => !(name === 'scores' && scores) && !(name === 'latents' && latents));
  if (Object.keys(results).length === 0) return null;
  return (
    <section className="section">
      <h2>Results</h2>
      {latents !== undefined && (
        <dl className="pairs mb-4">
          {Object.entries(latents).map(([status, n]) => (
            <div key={status} className="contents">
              <dt>{STATUS_NAMES[status as keyof typeof STATUS_NAMES]}</dt>
              <dd className="num">{formatCount(n)} latents</dd>
            </div>
          ))}
        </dl>
      )}
      {scores !== undefined && Object.keys(scores).length > 0 && (
        <div className="table-scroll mb-4" tabIndex={0} role="region" aria-label="Scores of the run">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Scorer</th>
                <th scope="col">Median (95 %)</th>
                <th scope="col" className="right">
                  Control
                </th>
                <th scope="col" className="right">
                  Latents
                </th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(scores).map(([scorer, { metric, score, control }]) => (
                <tr key={scorer}>
                  <td>
                    {SCORER_NAMES[scorerSchema.parse(scorer)].name}
                    <span className="block text-ink-3">{METRIC_NAMES[metric]}</span>
                  </td>
                  <td className="num">
                    {score === null ? (
                      'none'
                    ) : (
                      <>
                        {formatScore(score.median)}{' '}
                        <span className="block text-ink-3">
                          {formatScore(score.lower)} to {formatScore(score.upper)}
                        </span>
                      </>
                    )}
                  </td>
                  <td className="num right">{control === null ? '–' : formatScore(control.median)}</td>
                  <td className="num right">{formatCount(score?.n ?? 0)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rest.length > 0 && (
        <details>
          <summary className="text-t1 text-ink-2">What else its stages noted</summary>
          <RunPairs of={rest} />
        </details>
      )}
    </section>
  );
}
