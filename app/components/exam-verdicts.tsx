import Link from 'next/link';
import type { ExplanationView } from '#lib/explanation/schema.ts';
import { plural } from '#lib/format/number.ts';
import type { Exam, VerdictView } from '#lib/score/exam.ts';
import { METRIC_NAMES, SCORER_NAMES } from '#lib/score/naming.ts';
import { href } from '#lib/url/href.ts';
import { Band } from './band.tsx';
import { ExampleWindow } from './example-window.tsx';
import { Whisker } from './whisker.tsx';

interface Group {
  title: string;
  verdicts: VerdictView[];
}

/** Windows of a group shown at once. */
const SHOWN = 5;

/** Every window of one exam: where the explanation, or the rule behind it, was right and where it was wrong; mistakes first. */
export function ExamVerdicts({ exam, address, explanations, max }: { exam: Exam; address: string; explanations: readonly ExplanationView[]; max: number }) {
  const { score } = exam;
  const naming = SCORER_NAMES[score.scorer];
  const judge = naming.of === 'rule' ? 'the rule' : 'the explanation';
  return (
    <div className="lines">
      <nav aria-label="Exam" className="flex flex-wrap gap-1 py-2">
        {explanations.flatMap((explanation) =>
          explanation.scores.map((one) => (
            <Link
              key={one.id}
              className={one.id === score.id ? 'chip chip-on' : 'chip'}
              aria-current={one.id === score.id ? 'true' : undefined}
              href={href(address, { view: 'verdicts', score: one.id })}
              scroll={false}
              prefetch={false}
            >
              {SCORER_NAMES[one.scorer].of === 'rule' ? 'Rule: ' : ''}
              {SCORER_NAMES[one.scorer].name}
              {explanations.length > 1 ? ` · version ${explanation.id}` : ''}
            </Link>
          )),
        )}
      </nav>
      <p className="text-t1 text-ink-2">
        {naming.asks}{' '}
        <span className="text-ink-3">
          {naming.of === 'rule' ? 'This examines the rule behind the sentence, not the sentence. ' : ''}Measured as {METRIC_NAMES[score.metric]}.
        </span>
      </p>
      <p className="my-2 font-medium">“{exam.explanation}”</p>
      <Whisker name={naming.name} score={{ ...score, control: score.control?.value ?? null }} unit={naming.unit} />
      {score.failure !== null && <p className="note mt-4">This score could not be taken: {score.failure}</p>}
      {groupsOf(exam, judge).map((group) => (
        <section key={group.title}>
          <Band>
            {group.title} · {group.verdicts.length}
          </Band>
          <Verdicts verdicts={group.verdicts} max={max} />
        </section>
      ))}
      {score.failure === null && score.nFailed > 0 && (
        <p className="note mt-4">On {plural(score.nFailed, naming.unit)} there was no usable answer. These count neither as right nor as wrong.</p>
      )}
      {exam.suppressed > 0 && (
        <p className="note mt-4">{plural(exam.suppressed, 'window')} not shown: their documents were taken down. Their verdicts count.</p>
      )}
    </div>
  );
}

function Verdicts({ verdicts, max }: { verdicts: readonly VerdictView[]; max: number }) {
  const items = verdicts.map((verdict) =>
    verdict.window === null ? (
      <li key={`${verdict.row}-${verdict.start}`} className="window">
        <span className="value" />
        <span className="source">
          row {verdict.row}, token {verdict.start}: the text of this window is not kept any more{claim(verdict)}
        </span>
      </li>
    ) : (
      <ExampleWindow key={`${verdict.row}-${verdict.start}`} example={verdict.window} max={max} note={claim(verdict)} />
    ),
  );
  return (
    <>
      <ul>{items.slice(0, SHOWN)}</ul>
      {items.length > SHOWN && (
        <details className="more">
          <summary>{items.length - SHOWN} more</summary>
          <ul>{items.slice(SHOWN)}</ul>
        </details>
      )}
    </>
  );
}

function claim(verdict: VerdictView): string {
  return verdict.score === null ? '' : ` · scored ${verdict.score.toFixed(3)}`;
}

/** Wrong verdicts first; where a scorer only ranks, the windows it ranked worst on each side. */
function groupsOf(exam: Exam, judge: string): Group[] {
  const { verdicts } = exam;
  const pick = (title: string, keep: (verdict: VerdictView) => boolean): Group => ({ title, verdicts: verdicts.filter(keep) });
  const groups = verdicts.some((verdict) => verdict.right !== null)
    ? [
        pick(`missed: it fires, ${judge} says no`, (verdict) => verdict.right === false && verdict.positive),
        pick(`false alarm: it is silent, ${judge} says yes`, (verdict) => verdict.right === false && !verdict.positive),
        pick(`right: it fires, ${judge} says yes`, (verdict) => verdict.right === true && verdict.positive),
        pick(`right: it is silent, ${judge} says no`, (verdict) => verdict.right === true && !verdict.positive),
      ]
    : [
        { title: 'it fires; ranked from the lowest', verdicts: verdicts.filter((verdict) => verdict.positive).reverse() },
        { title: 'it is silent; ranked from the highest', verdicts: verdicts.filter((verdict) => !verdict.positive) },
      ];
  return groups.filter((group) => group.verdicts.length > 0);
}
