import Link from 'next/link';
import { NEGATIVE_CLASS_TEXTS } from '#lib/example/negative-classes.ts';
import { NEGATIVE_CLASSES, type NegativeClass } from '#lib/example/protocol.ts';
import type { ExplanationView } from '#lib/explanation/schema.ts';
import { plural } from '#lib/format/number.ts';
import type { Exam, VerdictView } from '#lib/score/exam.ts';
import type { TakenScoreView } from '#lib/score/schema.ts';
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
export function ExamVerdicts({
  exam,
  only,
  address,
  explanations,
  ofLatent,
  max,
}: {
  exam: Exam;
  /** Silent windows of this class alone, beside the firing ones; all by default. */
  only?: NegativeClass | undefined;
  address: string;
  explanations: readonly ExplanationView[];
  /** Scores of the latent itself. */
  ofLatent: readonly TakenScoreView[];
  max: number;
}) {
  const { score } = exam;
  const naming = SCORER_NAMES[score.scorer];
  const classes = NEGATIVE_CLASSES.filter((name) => exam.verdicts.some((verdict) => classOf(verdict) === name));
  const chosen = only !== undefined && classes.includes(only) ? only : null;
  const shown = chosen === null ? exam.verdicts : exam.verdicts.filter((verdict) => verdict.positive || classOf(verdict) === chosen);
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
        {ofLatent.map((one) => (
          <Link
            key={one.id}
            className={one.id === score.id ? 'chip chip-on' : 'chip'}
            aria-current={one.id === score.id ? 'true' : undefined}
            href={href(address, { view: 'verdicts', score: one.id })}
            scroll={false}
            prefetch={false}
          >
            {SCORER_NAMES[one.scorer].name}
          </Link>
        ))}
      </nav>
      <p className="text-t1 text-ink-2">
        {naming.asks}{' '}
        <span className="text-ink-3">
          {naming.of === 'rule' ? 'This examines the rule behind the sentence, not the sentence. ' : ''}Measured as {METRIC_NAMES[score.metric]}.
        </span>
      </p>
      {exam.explanation !== null && <p className="my-2 font-medium">“{exam.explanation}”</p>}
      <Whisker name={naming.name} score={{ ...score, control: score.control?.value ?? null }} unit={naming.unit} />
      {score.failure !== null && <p className="note mt-4">This score could not be taken: {score.failure}</p>}
      {classes.length > 1 && (
        <nav aria-label="Silent windows" className="flex flex-wrap gap-1 py-2">
          {[null, ...classes].map((name) => (
            <Link
              key={name ?? 'all'}
              className={name === chosen ? 'chip chip-on' : 'chip'}
              aria-current={name === chosen ? 'true' : undefined}
              href={href(address, { view: 'verdicts', score: score.id, ...(name !== null && { class: name }) })}
              scroll={false}
              prefetch={false}
              title={name === null ? undefined : NEGATIVE_CLASS_TEXTS[name].text}
            >
              {name === null ? 'all silent windows' : NEGATIVE_CLASS_TEXTS[name].name}
            </Link>
          ))}
        </nav>
      )}
      {groupsOf(shown, naming.of).map((group) => (
        <section key={group.title}>
          <Band>
            {group.title} · {group.verdicts.length}
          </Band>
          <Verdicts verdicts={group.verdicts} sealed={score.exam === 'reserve'} max={max} />
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

function Verdicts({ verdicts, sealed, max }: { verdicts: readonly VerdictView[]; sealed: boolean; max: number }) {
  // A protocol may draw one window twice.
  const items = verdicts.map((verdict, i) =>
    verdict.window === null ? (
      <li key={`${verdict.row}-${verdict.start}-${i}`} className="window">
        <span className="value" />
        <span className="source">
          row {verdict.row}, token {verdict.start}: {sealed ? 'sealed, so that it can examine others too' : 'the text of this window is not kept any more'}
          {claim(verdict)}
        </span>
      </li>
    ) : (
      <ExampleWindow key={`${verdict.row}-${verdict.start}-${i}`} example={verdict.window} max={max} marked={verdict.marked} note={claim(verdict)} />
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
  const of = classOf(verdict);
  const kind = of === null || of === 'random' ? '' : ` · ${NEGATIVE_CLASS_TEXTS[of].name}`;
  return verdict.score === null ? kind : `${kind} · scored ${verdict.score.toFixed(3)}`;
}

/** The class of a silent window: what its verdict says, or in older scores its window. Null for a firing one. */
function classOf({ positive, kind, window }: VerdictView): NegativeClass | null {
  const of = kind ?? window?.kind ?? 'random';
  return positive || of === 'activating' ? null : of;
}

/** Wrong verdicts first; where a scorer only ranks, the windows it ranked worst on each side. */
function groupsOf(verdicts: readonly VerdictView[], of: 'explanation' | 'rule' | 'latent'): Group[] {
  const judge = of === 'rule' ? 'the rule' : 'the explanation';
  const pick = (title: string, keep: (verdict: VerdictView) => boolean): Group => ({ title, verdicts: verdicts.filter(keep) });
  if (of === 'latent')
    return [
      pick('not found: the model took a window it fires on for the intruder', (verdict) => verdict.right === false),
      pick('found: the silent window among those it fires on', (verdict) => verdict.right === true),
    ].filter((group) => group.verdicts.length > 0);
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
