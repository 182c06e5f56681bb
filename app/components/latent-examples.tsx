import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import { plural } from '#lib/format/number.ts';
import type { LatentViewName } from '#lib/latent/view.ts';
import { Band } from './band.tsx';
import { BandExamples, ExampleBands } from './example-bands.tsx';

/** Silent windows shown below the lines; the others have a view of their own. */
const SILENT_LINES = 3;

/** A latent's windows: by tenths of activation, then some on which it stays silent. */
export function LatentExamples({ latent, view }: { latent: LatentDetail; view: LatentViewName }) {
  const silent = latent.examples.filter((example) => example.kind === 'random');
  const layout = view === 'lines' ? 'lines' : 'windows';
  return (
    <>
      {latent.examples.length > 0 && <Notes latent={latent} silentOnly={view === 'negatives'} />}
      {view === 'negatives' ? (
        <div className="lines">
          {silent.length === 0 ? (
            <p className="py-6 text-ink-2">No silent windows were drawn for this latent.</p>
          ) : (
            <BandExamples examples={silent} max={latent.maxActivation} view="windows" first={silent.length} />
          )}
        </div>
      ) : latent.examples.length === 0 ? (
        <p className="py-6 text-ink-2">{latent.firingCount === 0 ? 'It never fired, so there is nothing to show.' : 'No windows were kept for this latent.'}</p>
      ) : (
        <>
          <ExampleBands examples={latent.examples} max={latent.maxActivation} view={layout} />
          {silent.length > 0 && (
            <section className="lines">
              <Band>silent · drawn at random from the exam’s documents</Band>
              <BandExamples examples={silent.slice(0, SILENT_LINES)} max={latent.maxActivation} view={layout} first={SILENT_LINES} />
            </section>
          )}
        </>
      )}
    </>
  );
}

function Notes({ latent, silentOnly }: { latent: LatentDetail; silentOnly: boolean }) {
  return (
    <p className="legend pt-1">
      {silentOnly ? (
        <span>Windows of the exam in which the latent never fires, drawn at random. An explanation must tell them from the others.</span>
      ) : (
        <>
          <span>
            <span className="side side-train" aria-hidden="true" /> {evidenceName(latent)}
          </span>
          <span>
            <span className="side" aria-hidden="true" /> {latent.status === 'ready' ? 'exam, from other documents' : 'from documents kept for exams'}
          </span>
          <span>colour: share of the maximum, line: strongest token</span>
          <span>
            a sample: up to {ATLAS_PROTOCOL.train.perQuantile} and {ATLAS_PROTOCOL.test.perQuantile} windows drawn at random from each tenth of each side, so
            the strongest of all may not be among them
          </span>
        </>
      )}
      {latent.suppressedExamples > 0 && <span>{plural(latent.suppressedExamples, 'window')} left out: their documents were taken down</span>}
    </p>
  );
}

/** What the marked windows are: evidence only where somebody explained from it. */
function evidenceName(latent: LatentDetail): string {
  if (latent.status !== 'ready') return 'from documents kept for evidence; nobody explained it';
  return latent.explanations.length > 0 ? 'evidence the explainer saw' : 'evidence for an explainer';
}
