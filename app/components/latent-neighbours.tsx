import Link from 'next/link';
import type { LatentDetail } from '#lib/catalogue/schema.ts';
import type { LatentViewName } from '#lib/latent/view.ts';
import { coderPath, href, latentPath } from '#lib/url/href.ts';

/** Previous, next and random latent; j, k and r on the keyboard. The view stays as it is. */
export function LatentNeighbours({ latent, view }: { latent: LatentDetail; view: LatentViewName }) {
  const query = { view: view === 'lines' || view === 'verdicts' ? undefined : view };
  const to = (index: number): string => href(latentPath(latent.model, latent.coder, index), query);
  return (
    <>
      {latent.previous === null ? (
        <span className="btn" aria-disabled="true">
          ← first
        </span>
      ) : (
        <Link className="btn num" rel="prev" data-shortcut="prev" href={to(latent.previous)} aria-label={`Previous latent, ${latent.previous}`}>
          ← {latent.previous}
        </Link>
      )}
      {latent.next === null ? (
        <span className="btn" aria-disabled="true">
          last →
        </span>
      ) : (
        <Link className="btn num" rel="next" data-shortcut="next" href={to(latent.next)} aria-label={`Next latent, ${latent.next}`}>
          {latent.next} →
        </Link>
      )}
      <Link className="btn" data-shortcut="random" href={`${coderPath(latent.model, latent.coder)}/random`} prefetch={false}>
        Random
      </Link>
    </>
  );
}
