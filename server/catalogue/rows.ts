import { ofAtlas } from '#platform/database/protocols.ts';
import { notShown } from '#platform/database/withheld.ts';
import type { LatentRow } from '#lib/catalogue/schema.ts';
import type { ExplanationMethod } from '#lib/explanation/methods.ts';
import { explanationMethodSchema } from '#lib/explanation/schema.ts';

/**
 * The columns of a latent in a list, from `latents l` joined by HEADLINE_SCORE. Bigints come as text, sums and
 * counts as numbers.
 */
export const LATENT_COLUMNS = `l.index, l.status, l.frequency, l.max_activation, l.firing_count,
  case when w.withheld is not true then l.headline_text end as headline_text, case when w.withheld is not true then l.headline_method end as headline_method,
  h.value, h.lower, h.upper, h.control_value, h.n_positives, h.n_negatives, h.failure`;

/** Whether a takedown withholds a latent's headline explanation, and its newest embedding score under protocol atlas, or nulls. */
export const HEADLINE_SCORE = `left join lateral (
    select ${notShown('x')} as withheld from explanations x where x.coder_id = l.coder_id and x.id = l.headline_explanation_id
  ) w on true
  left join lateral (
    select s.value, s.lower, s.upper, s.control_value, s.n_positives, s.n_negatives, s.failure from scores s
    where s.coder_id = l.coder_id and s.explanation_id = l.headline_explanation_id and s.scorer = 'embedding' and w.withheld is not true and ${ofAtlas('s')}
    order by s.id desc limit 1
  ) h on true`;

export interface LatentDbRow {
  index: number;
  status: LatentRow['status'];
  frequency: number;
  max_activation: number;
  firing_count: string;
  headline_text: string | null;
  headline_method: string | null;
  value: number | null;
  lower: number | null;
  upper: number | null;
  control_value: number | null;
  n_positives: number | null;
  n_negatives: number | null;
  failure: string | null;
}

/** A row of a list. A score without an interval is not shown: a bare number says too much. */
export function toLatentRow(model: string, coder: string, row: LatentDbRow): LatentRow {
  return {
    model,
    coder,
    index: row.index,
    status: row.status,
    frequency: row.frequency,
    maxActivation: row.max_activation,
    firingCount: Number(row.firing_count),
    explanation: row.headline_text,
    method: row.headline_method === null ? null : toMethod(row.headline_method),
    score:
      row.value === null || row.lower === null || row.upper === null || row.n_positives === null || row.n_negatives === null
        ? null
        : {
            value: row.value,
            lower: row.lower,
            upper: row.upper,
            control: row.control_value,
            nPositives: row.n_positives,
            nNegatives: row.n_negatives,
          },
    failure: row.failure,
  };
}

export function toMethod(method: string): ExplanationMethod {
  return explanationMethodSchema.parse(method);
}
