import Link from 'next/link';
import type { CoderSummary } from '#lib/catalogue/schema.ts';
import { formatCount } from '#lib/format/number.ts';
import type { PublicRun } from '#lib/run/public.ts';
import { coderPath } from '#lib/url/href.ts';
import { MedianWhisker } from './median-whisker.tsx';

/** A sparse coder in a list, with how well its latents are explained. `run`: the one going on for its model, if any. */
export function CoderCard({ coder, run }: { coder: CoderSummary; run: PublicRun | null }) {
  const looked = coder.counts.latents > 0;
  return (
    <li className="border-b border-line py-3 last:border-0">
      <h3>
        <Link href={coderPath(coder.model, coder.slug)}>{coder.name}</Link>
      </h3>
      <p className="facts mt-1">
        <span className="mono">{coder.inputHookpoints.join(', ')}</span>
        <span>
          {coder.activation}
          {coder.k === null ? '' : `, k ${coder.k}`}
        </span>
        <span>
          <b className="num">{formatCount(coder.width)}</b> latents
        </span>
        {looked ? (
          <>
            <span>
              <b className="num">{formatCount(coder.counts.explained)}</b> explained
            </span>
            <span>
              <b className="num">{formatCount(coder.counts.dead)}</b> dead
            </span>
          </>
        ) : (
          <span>
            {run?.coder === coder.slug
              ? run.state === 'queued'
                ? `run ${run.id} waits to look at it`
                : `run ${run.id} is looking at it now`
              : 'no run has looked at it yet'}
          </span>
        )}
      </p>
      {coder.embeddingScore !== null && <MedianWhisker name="Median" score={coder.embeddingScore} />}
    </li>
  );
}
