import type { Pool } from 'pg';
import { z } from 'zod';
import { IMPORTED_TEXT } from '#lib/run/imported-text.ts';
import type { Environment } from '#platform/environment/environment.ts';

/** What the form that starts a run offers. */
export const runOptionsSchema = z.object({
  models: z.array(
    z.object({
      slug: z.string(),
      name: z.string(),
      coders: z.array(
        z.object({ slug: z.string(), name: z.string(), width: z.number().int(), k: z.number().int().nullable(), inputHookpoints: z.array(z.string()) }),
      ),
    }),
  ),
  texts: z.array(
    z.object({
      slug: z.string(),
      name: z.string(),
      documents: z.number().int(),
      tokensPerDocument: z.number().nullable().describe('As the newest run that read it found; null before any'),
    }),
  ),
  /** Whether a language model is configured, which the explainer `llm` and the scorer `detection` need. */
  llm: z.string().nullable().describe('Name of the language model, or null when none is configured'),
});
export type RunOptions = z.infer<typeof runOptionsSchema>;

interface CoderRow {
  model: string;
  model_name: string;
  slug: string | null;
  name: string | null;
  width: number | null;
  k: number | null;
  input_hookpoints: string[] | null;
}

/** With the length of a document, which the stage collect notes when it has read them. */
const TEXTS = `
  select slug, name, documents, (
    select (e.data ->> 'tokens')::float8 / nullif((select sum(n::int) from jsonb_each_text(e.data -> 'documents') as side(split, n)), 0)
    from run_events e join runs r on r.id = e.run_id
    where r.text_source_id = t.id and e.event in ('rows_packed', 'text_shorter_than_asked') order by e.id desc limit 1
  ) as "tokensPerDocument"
  from text_sources t where location not like '${IMPORTED_TEXT}%' order by id`;

export async function runOptions(pool: Pool, environment: Pick<Environment, 'llm'>): Promise<RunOptions> {
  const [coders, texts] = await Promise.all([
    pool.query<CoderRow>(
      `select m.slug as model, m.name as model_name, c.slug, c.name, c.width, c.k, c.input_hookpoints
       from models m left join sparse_coders c on c.model_id = m.id order by m.name, m.slug, c.layer nulls first, c.slug`,
    ),
    pool.query<RunOptions['texts'][number]>(TEXTS),
  ]);
  const models = new Map<string, RunOptions['models'][number]>();
  for (const row of coders.rows) {
    const model = models.get(row.model) ?? { slug: row.model, name: row.model_name, coders: [] };
    models.set(row.model, model);
    if (row.slug !== null)
      model.coders.push({ slug: row.slug, name: row.name ?? row.slug, width: row.width ?? 0, k: row.k, inputHookpoints: row.input_hookpoints ?? [] });
  }
  return { models: [...models.values()], texts: texts.rows, llm: environment.llm?.model ?? null };
}
