import Link from 'next/link';
import type { ModelSummary } from '#lib/catalogue/schema.ts';
import { formatCompact, formatCount, plural } from '#lib/format/number.ts';
import { modelPath } from '#lib/url/href.ts';

/** A model in a list. */
export function ModelCard({ model }: { model: ModelSummary }) {
  return (
    <li className="border-b border-line py-3 last:border-0">
      <h3>
        <Link href={modelPath(model.slug)}>{model.name}</Link>
      </h3>
      <p className="facts mt-1">
        <span>{model.family}</span>
        <span>
          <b className="num">{formatCompact(model.parameters)}</b> parameters
        </span>
        <span>
          <b className="num">{model.layers}</b> layers
        </span>
        <span>{plural(model.coders, 'sparse coder')}</span>
        <span>
          <b className="num">{formatCount(model.explainedLatents)}</b> latents explained
        </span>
      </p>
    </li>
  );
}
