import Link from 'next/link';
import { type LatentListInput, latentStatusSchema } from '#lib/catalogue/schema.ts';
import { formatActivation, formatScore, formatShare } from '#lib/format/number.ts';
import { STATUS_NAMES } from '#lib/latent/status-reason.ts';
import { AutoSubmit } from './auto-submit.tsx';
import { RangeSelect } from './range-select.tsx';
import { FREQUENCY_STEPS, SCORE_STEPS } from './search-facets.tsx';

const ACTIVATION_STEPS = [1, 2, 5, 10, 20, 50] as const;

/** The filters over a coder's latents: one GET form. */
export function LatentFilters({ action, query }: { action: string; query: LatentListInput }) {
  const filtered = [query.status, query.minScore, query.minFrequency, query.maxFrequency, query.minActivation].some((bound) => bound !== undefined);
  return (
    <AutoSubmit
      action={action}
      label="Filter latents"
      className="facets mb-4 flex flex-wrap items-end gap-x-3 [&>label]:!mb-2 [&>label]:w-[10.5rem] max-sm:[&>label]:w-[calc(50%-6px)]"
    >
      {query.sort !== 'index' && <input type="hidden" name="sort" value={query.sort} />}
      {query.order !== 'asc' && <input type="hidden" name="order" value={query.order} />}
      <label className="facet flex flex-col gap-1">
        <span className="font-semibold text-ink-2">Status</span>
        <select key={query.status} name="status" defaultValue={query.status ?? ''} className="input">
          <option value="">any</option>
          {latentStatusSchema.options.map((status) => (
            <option key={status} value={status}>
              {STATUS_NAMES[status]}
            </option>
          ))}
        </select>
      </label>
      <RangeSelect label="Score surely at least" name="minScore" value={query.minScore} steps={SCORE_STEPS} format={formatScore} />
      <RangeSelect label="Fires on at least" name="minFrequency" value={query.minFrequency} steps={FREQUENCY_STEPS} format={formatShare} />
      <RangeSelect label="Fires on at most" name="maxFrequency" value={query.maxFrequency} steps={FREQUENCY_STEPS} format={formatShare} />
      <RangeSelect label="Maximum at least" name="minActivation" value={query.minActivation} steps={ACTIVATION_STEPS} format={formatActivation} />
      <div className="mb-2 flex gap-2">
        <button type="submit" className="btn !min-h-[34px]">
          Apply
        </button>
        {filtered && (
          <Link className="btn !min-h-[34px]" href={action} prefetch={false}>
            Clear
          </Link>
        )}
      </div>
    </AutoSubmit>
  );
}
