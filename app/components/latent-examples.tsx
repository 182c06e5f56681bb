import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { protocolNote } from '#lib/example/protocol-note.ts';
import { protocolNamed, type Protocol, type Sampler } from '#lib/example/protocol.ts';
import { plural } from '#lib/format/number.ts';
import type { LatentViewName } from '#lib/latent/view.ts';
import { Band } from './band.tsx';
import { BandExamples, ExampleBands } from './example-bands.tsx';
import { isSilent, SilentWindows } from './silent-windows.tsx';

/** Silent windows shown below the lines; the others have a view of their own. */
const SILENT_LINES = 3;

/** How the windows on the page were drawn. */
const protocolOf = ({ sample }: LatentDetail): Protocol => protocolNamed(sample?.protocol ?? 'atlas');

/** A latent's windows: by tenths of activation, then some on which it stays silent. */
export function LatentExamples({ latent, view }: { latent: LatentDetail; view: LatentViewName }) {
  const silent = latent.examples.filter((example) => isSilent(example) && example.kind === 'random');
  const layout = view === 'lines' ? 'lines' : 'windows';
  const sharesDocuments = protocolOf(latent).sides === 'shared';
  return (
    <>
      {latent.examples.length > 0 && <Notes latent={latent} silentOnly={view === 'negatives'} />}
      {view === 'negatives' ? (
        <SilentWindows latent={latent} />
      ) : latent.examples.length === 0 ? (
        <p className="py-6 text-ink-2">{latent.firingCount === 0 ? 'It never fired, so there is nothing to show.' : 'No windows were kept for this latent.'}</p>
      ) : (
        <>
          <ExampleBands examples={latent.examples} max={latent.maxActivation} view={layout} />
          {silent.length > 0 && (
            <section className="lines">
              <Band>silent · drawn at random from {sharesDocuments ? 'all documents' : 'the exam’s documents'}</Band>
              <BandExamples examples={silent.slice(0, SILENT_LINES)} max={latent.maxActivation} view={layout} first={SILENT_LINES} />
            </section>
          )}
        </>
      )}
    </>
  );
}

function Notes({ latent, silentOnly }: { latent: LatentDetail; silentOnly: boolean }) {
  const protocol = protocolOf(latent);
  const note = protocolNote(protocol.name, latent.sample?.overlap ?? null);
  return (
    <p className="legend pt-1">
      {silentOnly ? (
        <span>
          Windows of the exam in which the latent never fires, by how they were found. An explanation must tell them from the others; each kind is scored by
          itself.
        </span>
      ) : (
        <>
          <span>
            <span className="side side-train" aria-hidden="true" /> {evidenceName(latent)}
          </span>
          <span>
            <span className="side" aria-hidden="true" /> {examName(latent)}
          </span>
          <span>colour: share of the maximum, line: strongest token</span>
          <span>
            a sample: up to {perTenth(protocol.train)} and {perTenth(protocol.test)} windows drawn at random from each tenth{' '}
            {protocol.sides === 'shared' ? 'of all, once for each side' : 'of each side'}, so the strongest of all may not be among them
          </span>
        </>
      )}
      {note !== null && <span>{note}</span>}
      {latent.suppressedExamples > 0 && <span>{plural(latent.suppressedExamples, 'window')} left out: their documents were taken down</span>}
    </p>
  );
}

/** What the marked windows are: evidence only where somebody explained from it. */
function evidenceName(latent: LatentDetail): string {
  if (latent.status !== 'ready') return `${protocolOf(latent).sides === 'shared' ? 'for evidence' : 'from documents kept for evidence'}; nobody explained it`;
  return latent.explanations.length > 0 ? 'evidence the explainer saw' : 'evidence for an explainer';
}

/** What the unmarked windows are: of other documents than the evidence, unless the protocol has both from the same. */
function examName(latent: LatentDetail): string {
  if (protocolOf(latent).sides === 'shared') return 'exam, from the same documents';
  return latent.status === 'ready' ? 'exam, from other documents' : 'from documents kept for exams';
}

const perTenth = (sampler: Sampler): number => (sampler.kind === 'quantiles' ? sampler.perQuantile : sampler.count);
