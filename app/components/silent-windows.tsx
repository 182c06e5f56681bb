import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { NEGATIVE_CLASS_TEXTS } from '#lib/example/negative-classes.ts';
import { NEGATIVE_CLASSES, type NegativeClass } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';
import { Band } from './band.tsx';
import { BandExamples } from './example-bands.tsx';

/** Windows of a class shown at once. */
const SHOWN = 12;

/** Whether a window is one of the exam's silent ones; those of the train side are shown to explainers that work by contrast. */
export const isSilent = ({ kind, split }: Pick<Example, 'kind' | 'split'>): boolean => kind !== 'activating' && split !== 'train';

/** A latent's silent windows by class, each with what it is, and why one is missing that the protocol asks for. */
export function SilentWindows({ latent }: { latent: LatentDetail }) {
  const silent = latent.examples.filter(isSilent);
  const missing = NEGATIVE_CLASSES.flatMap((kind) => missingOf(latent, kind) ?? []);
  return (
    <div className="lines">
      {NEGATIVE_CLASSES.map((kind) => {
        const windows = silent.filter((example) => example.kind === kind);
        return windows.length === 0 ? null : (
          <section key={kind}>
            <Band>
              {NEGATIVE_CLASS_TEXTS[kind].name} · {windows.length}
            </Band>
            <p className="py-1 text-t1 text-ink-2">
              {NEGATIVE_CLASS_TEXTS[kind].text}
              {kind === 'similar' && latent.sample?.minedBy ? ` It was ${latent.sample.minedBy}.` : ''}
            </p>
            <BandExamples examples={windows} max={latent.maxActivation} view="windows" first={SHOWN} />
          </section>
        );
      })}
      {silent.length === 0 && <p className="py-6 text-ink-2">No silent windows were drawn for this latent.</p>}
      {missing.map((sentence) => (
        <p key={sentence} className="mt-4 text-t1 text-ink-3">
          {sentence}
        </p>
      ))}
    </div>
  );
}

function missingOf({ sample, suppressedExamples }: LatentDetail, kind: NegativeClass): string | null {
  const counts = sample?.negatives[kind];
  if (counts === undefined || counts.drawn > 0) return null;
  const { name } = NEGATIVE_CLASS_TEXTS[kind];
  const reason = sample?.missing[kind];
  if (reason !== undefined) return `No windows of class “${name}”. ${reason}`;
  return suppressedExamples > 0 ? null : `No windows of class “${name}” were found for this latent.`;
}
