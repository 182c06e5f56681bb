import Link from 'next/link';
import { formatActivation, formatShare } from '#lib/format/number.ts';
import type { SearchPageHit } from '#lib/search/page.ts';
import { latentPath } from '#lib/url/href.ts';
import { ExampleLine } from './example-line.tsx';
import { MethodChip } from './method-chip.tsx';
import { Whisker } from './whisker.tsx';

/** A hit: the sentence, where it lives, its score, and the window that fires it most. */
export function SearchHit({ hit }: { hit: SearchPageHit }) {
  const matched = hit.matched.length === 0 ? null : `found by ${hit.matched.join(' and ')}`;
  return (
    <li className="border-b border-line py-4">
      <article>
        <h2 className="!mb-[2px] !text-[1rem] !text-ink tracking-[-0.01em]">
          <Link href={latentPath(hit.model, hit.coder, hit.latent)} prefetch={false}>
            {hit.text}
          </Link>
        </h2>
        <p className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-[2px] text-t1 text-ink-3">
          <span className="mono break-all">{`${hit.model}@${hit.coder}:${hit.latent}`}</span>
          <span>{formatShare(hit.frequency)} of tokens</span>
          <span>max {formatActivation(hit.maxActivation)}</span>
          <MethodChip method={hit.method} />
          {matched !== null && <span>{matched}</span>}
        </p>
        {hit.score !== null && hit.nPositives !== null && hit.nNegatives !== null ? (
          <Whisker
            name="Embedding"
            score={{ value: hit.score, lower: hit.scoreLower, upper: hit.scoreUpper, control: hit.control, nPositives: hit.nPositives, nNegatives: hit.nNegatives }}
          />
        ) : (
          <p className="text-t1 text-ink-3">Not scored yet.</p>
        )}
        {hit.example !== null && (
          <ul className="lines">
            <ExampleLine example={hit.example} max={Math.max(hit.maxActivation, hit.example.maxActivation)} side={false} />
          </ul>
        )}
      </article>
    </li>
  );
}
