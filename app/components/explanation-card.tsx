import { protocolNote } from '#lib/example/protocol-note.ts';
import type { ExplanationView } from '#lib/explanation/schema.ts';
import { formatDay } from '#lib/format/time.ts';
import type { ScoreView } from '#lib/score/schema.ts';
import { MethodChip } from './method-chip.tsx';
import { Provenance } from './provenance.tsx';
import { ScoreRow } from './score-row.tsx';

/** One explanation with who made it, how, when, and what it scored. Scores of its rule are a block of their own. */
export function ExplanationCard({ explanation, first, examHref }: { explanation: ExplanationView; first: boolean; examHref: (score: ScoreView) => string }) {
  const note = protocolNote(explanation.protocol, explanation.overlap);
  const scores = explanation.scores.filter((score) => score.current).sort((a, b) => a.scorer.localeCompare(b.scorer));
  const own = scores.filter((score) => !score.scorer.startsWith('rule_'));
  const rule = scores.filter((score) => score.scorer.startsWith('rule_'));
  return (
    <div>
      <p className={first ? 'font-semibold' : ''}>{explanation.text}</p>
      <p className="mt-1 mb-2 flex flex-wrap items-center gap-x-2 gap-y-1 text-t1 text-ink-3">
        <MethodChip method={explanation.method} />
        <span>
          {explanation.explainer} · {formatDay(explanation.createdAt)} · version {explanation.id}
        </span>
      </p>
      {explanation.baseline && (
        <p className="mb-2 text-t1 text-ink-2">
          A baseline sees words and their neighbours, not meaning: it names what sets the firing tokens apart and stops there.
        </p>
      )}
      {note !== null && <p className="mb-2 text-t1 text-ink-2">{note}</p>}
      {own.length === 0 && (
        <p className="text-t1 text-ink-3">
          {explanation.pending ? 'Waits to be scored on the sealed reserve, documents that no page shows.' : 'Not scored yet.'}
        </p>
      )}
      {own.map((score) => (
        <ScoreRow key={score.id} score={score} href={examHref(score)} precision={explanation.precisions.find(({ scorer }) => scorer === score.scorer)} />
      ))}
      {rule.length > 0 && (
        <div className="mt-3">
          <h3 className="text-t1 text-ink-2">Its rule, run on unseen text</h3>
          <p className="mb-1 text-t1 text-ink-3">This scores the rule behind the sentence, not the sentence; never compare it with the scores above.</p>
          {rule.map((score) => (
            <ScoreRow key={score.id} score={score} href={examHref(score)} />
          ))}
        </div>
      )}
      <Provenance explanation={explanation} />
    </div>
  );
}
