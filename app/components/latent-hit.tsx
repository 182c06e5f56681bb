import Link from 'next/link';
import type { Example } from '#lib/example/schema.ts';
import { formatActivation, formatShare } from '#lib/format/number.ts';
import { latentId } from '#lib/latent/id.ts';
import { latentPath } from '#lib/url/href.ts';
import { ExampleLine } from './example-line.tsx';
import { MethodChip } from './method-chip.tsx';
import { Whisker, type WhiskerScore } from './whisker.tsx';

/** A latent as a search finds it or the home page shows it. */
export interface ShownLatent {
  model: string;
  coder: string;
  index: number;
  text: string;
  method: string;
  frequency: number;
  maxActivation: number;
  score: WhiskerScore | null;
  /** Why it has no score, where it was tried. */
  failure: string | null;
  example: Example | null;
}

/** A hit: the sentence, where it lives, its score, and the window that fires it most. */
export function LatentHit({ latent, note }: { latent: ShownLatent; note?: string | undefined }) {
  const { example } = latent;
  return (
    <li className="hit">
      <h3>
        <Link href={latentPath(latent.model, latent.coder, latent.index)} prefetch={false}>
          {latent.text}
        </Link>
      </h3>
      <p className="facts mb-2 !text-ink-3">
        <span className="mono break-all">{latentId(latent)}</span>
        <span>{formatShare(latent.frequency)} of tokens</span>
        <span>max {formatActivation(latent.maxActivation)}</span>
        <MethodChip method={latent.method} />
        {note !== undefined && <span>{note}</span>}
      </p>
      {latent.score === null ? (
        <p className="text-t1 text-ink-3">{latent.failure === null ? 'Not scored yet.' : `It could not be scored: ${latent.failure}`}</p>
      ) : (
        <Whisker name="Embedding" score={latent.score} />
      )}
      {example !== null && (
        <ul className="lines">
          <ExampleLine example={example} max={Math.max(latent.maxActivation, example.maxActivation)} side={false} />
        </ul>
      )}
    </li>
  );
}
