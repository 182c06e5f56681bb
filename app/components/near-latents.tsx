import Link from 'next/link';
import { formatScore, formatShare } from '#lib/format/number.ts';
import type { LatentNeighboursView, ShownNeighbour } from '#lib/latent/profile.ts';
import { latentPath } from '#lib/url/href.ts';

const SHOWN = 6;

interface Kind {
  id: string;
  text: string;
  why: string;
  nearest: readonly ShownNeighbour[];
  none: string;
}

/** The latents nearest to one, by what they share, write and read: one kind at a time, chosen without a script. */
export function NearLatents({ neighbours, model, coder }: { neighbours: LatentNeighboursView; model: string; coder: string }) {
  const { coOccurrence, decoder, encoder } = neighbours;
  const { counted, all } = coOccurrence.rows;
  const estimate = counted < all ? ` Estimated from ${formatShare(counted / all)} of the text, which is what fits into memory.` : '';
  const kinds: Kind[] = [
    {
      id: 'tokens',
      text: 'fire together',
      why: `Tokens on which both fire, as a part of those on which either does.${estimate}`,
      nearest: coOccurrence.nearest,
      none: 'It shares no token with another latent.',
    },
    ...side('decoder', 'write alike', 'Cosine of their decoder rows.', decoder),
    ...side('encoder', 'read alike', 'Cosine of their encoder rows.', encoder),
  ];
  return (
    <section className="section near">
      <h2 id="near">Neighbours</h2>
      <fieldset className="near-kinds" aria-labelledby="near">
        {kinds.map(({ id, text }, i) => (
          <label key={id} className="near-kind">
            <input type="radio" name="near" value={id} defaultChecked={i === 0} />
            {text}
          </label>
        ))}
      </fieldset>
      {kinds.map(({ id, why, nearest, none }) => (
        <div key={id} className="near-list" data-kind={id}>
          {nearest.length === 0 ? (
            <p className="text-t1 text-ink-2">{none}</p>
          ) : (
            <ol>
              {nearest.slice(0, SHOWN).map((latent) => (
                <li key={latent.index} className="near-row">
                  <NearLatent latent={latent} model={model} coder={coder} />
                  <span className="num text-ink-3">{formatScore(latent.similarity)}</span>
                </li>
              ))}
            </ol>
          )}
          <p className="mt-2 text-t0 text-ink-3">{why}</p>
        </div>
      ))}
    </section>
  );
}

function side(id: string, text: string, why: string, kind: { nearest: ShownNeighbour[] } | null): Kind[] {
  return kind === null ? [] : [{ id, text, why, nearest: kind.nearest, none: 'There is no other latent.' }];
}

function NearLatent({ latent, model, coder }: { latent: ShownNeighbour; model: string; coder: string }) {
  const words = latent.explanation ?? (latent.hasPage ? 'not explained' : 'not looked at by any run');
  const said = latent.explanation === null ? <span className="text-ink-3">{words}</span> : words;
  if (!latent.hasPage) {
    return (
      <span>
        <span className="num text-ink-3">{latent.index}</span> {said}
      </span>
    );
  }
  return (
    <Link href={latentPath(model, coder, latent.index)} prefetch={false}>
      <span className="num text-ink-3">{latent.index}</span> {said}
    </Link>
  );
}
