import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { exampleBands } from '#lib/example/bands.ts';
import { statusReason } from '#lib/latent/status-reason.ts';
import { ExampleLine } from './example-line.tsx';
import { Logo } from './logo.tsx';
import { MethodChip } from './method-chip.tsx';
import { Whisker } from './whisker.tsx';

const LINES = 6;

/** A latent inside somebody else's page: the sentence, its score, some lines, and the way here. */
export function EmbeddedLatent({ latent, address }: { latent: LatentDetail; address: string }) {
  const [best] = latent.explanations;
  const score = best?.scores.find((one) => one.scorer === 'embedding' && one.current);
  const lines = exampleBands(latent.examples)
    .flatMap((band) => band.examples.slice(0, 1))
    .slice(0, LINES);
  return (
    <main id="main" className="!p-3">
      <p className="mb-1 flex items-center gap-2 text-t1 text-ink-3">
        <Logo />
        <a className="link mono break-all" href={address} target="_blank" rel="noopener">
          {latent.id}
        </a>
      </p>
      <h1 className="!text-t3">{best?.text ?? statusReason(latent)?.title ?? 'Not explained yet'}</h1>
      {best !== undefined && <MethodChip method={best.method} explainer={best.explainer} />}
      {score !== undefined && <Whisker name="Embedding" score={{ ...score, control: score.control?.value ?? null }} />}
      <ul className="lines">
        {lines.map((example) => (
          <ExampleLine key={`${example.row}-${example.start}`} example={example} max={latent.maxActivation} />
        ))}
      </ul>
    </main>
  );
}
