import type { ScoreView, TakenScoreView } from '#lib/score/schema.ts';
import { ScoreRow } from './score-row.tsx';

/** What was found of the latent itself, whatever is said of it: whether it can be interpreted at all. Nothing where nothing was. */
export function LatentScores({ scores, examHref }: { scores: readonly TakenScoreView[]; examHref: (score: ScoreView) => string }) {
  const standing = scores.filter(({ current }) => current);
  if (standing.length === 0) return null;
  return (
    <section className="section">
      <h2>
        The latent itself <span className="aside">no explanation is read</span>
      </h2>
      <div className="card">
        {standing.map((score) => (
          <ScoreRow key={score.id} score={score} href={examHref(score)} />
        ))}
      </div>
    </section>
  );
}
