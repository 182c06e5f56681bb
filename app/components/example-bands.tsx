import { bandName, exampleBands, type ExampleBand } from '#lib/example/bands.ts';
import type { Example } from '#lib/example/schema.ts';
import { formatActivation, plural } from '#lib/format/number.ts';
import { Band } from './band.tsx';
import { ExampleLine } from './example-line.tsx';
import { ExampleWindow } from './example-window.tsx';

/** Lines of the strongest tenth and of each other one that are shown at once; the rest is behind “more”. */
const FIRST_BAND_LINES = 9;
const OTHER_BAND_LINES = 3;

/** A latent's firing examples by tenths, from the strongest to the weakest, as lines or as whole windows. */
export function ExampleBands({ examples, max, view }: { examples: readonly Example[]; max: number; view: 'lines' | 'windows' }) {
  return (
    <div className="lines">
      {exampleBands(examples).map((band) => (
        <section key={band.quantile}>
          <Band>
            {bandName(band.quantile)} · {rangeOf(band)}
          </Band>
          <BandExamples examples={band.examples} max={max} view={view} first={band.quantile === 0 ? FIRST_BAND_LINES : OTHER_BAND_LINES} />
        </section>
      ))}
    </div>
  );
}

/** Some examples at once, the others one click away. */
export function BandExamples({ examples, max, view, first }: { examples: readonly Example[]; max: number; view: 'lines' | 'windows'; first: number }) {
  const Item = view === 'lines' ? ExampleLine : ExampleWindow;
  const items = examples.map((example, i) => <Item key={`${example.split}-${example.row}-${example.start}-${i}`} example={example} max={max} />);
  const rest = items.slice(first);
  return (
    <>
      <ul>{items.slice(0, first)}</ul>
      {rest.length > 0 && (
        <details className="more">
          <summary>{plural(rest.length, 'more line')}</summary>
          <ul>{rest}</ul>
        </details>
      )}
    </>
  );
}

function rangeOf(band: ExampleBand): string {
  const [low, high] = [formatActivation(band.lowest), formatActivation(band.highest)];
  return low === high ? high : `${low} – ${high}`;
}
