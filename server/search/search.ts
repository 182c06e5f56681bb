import type { Pool } from 'pg';
import type { SearchPage, SearchPageHit } from '#lib/search/page.ts';
import type { SearchHit, SearchQuery } from '#lib/search/schema.ts';
import { notShown } from '#platform/database/withheld.ts';
import type { SearchEngine } from '#platform/search/types.ts';
import { topExamples } from '#server/catalogue/examples.ts';
import type { QueryVectors } from './query-vectors.ts';

/** A search as the results page and the API show it: by meaning and words, or by words alone when no embedder answers. */
export async function search(pool: Pool, engine: SearchEngine, vectors: QueryVectors, query: SearchQuery): Promise<SearchPage> {
  const results = await engine.search(query, await vectors(query.q));
  return { ...results, hits: await enrich(pool, results.hits) };
}

interface HitRow {
  id: string;
  coder_id: string;
  upper: number | null;
  control_value: number | null;
  n_positives: number | null;
  n_negatives: number | null;
  failure: string | null;
}

/** What an index does not hold: the interval's other end, the control, the exam's size and the top window. */
async function enrich(pool: Pool, hits: readonly SearchHit[]): Promise<SearchPageHit[]> {
  if (hits.length === 0) return [];
  const { rows } = await pool.query<HitRow>(
    `select hit.id::text as id, c.id as coder_id, s.upper, s.control_value, s.n_positives, s.n_negatives, s.failure
     from unnest($1::bigint[], $2::text[], $3::text[]) as hit(id, model, coder)
     join models m on m.slug = hit.model
     join sparse_coders c on c.model_id = m.id and c.slug = hit.coder
     left join explanations x on x.coder_id = c.id and x.id = hit.id
     left join lateral (
       select s.upper, s.control_value, s.n_positives, s.n_negatives, s.failure from scores s
       where s.coder_id = c.id and s.explanation_id = hit.id and s.scorer = 'embedding' order by s.id desc limit 1
     ) s on true
     where x.id is null or not ${notShown('x')}`,
    [hits.map((hit) => hit.id), hits.map((hit) => hit.model), hits.map((hit) => hit.coder)],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const latents = hits.flatMap((hit) => {
    const coderId = byId.get(hit.id)?.coder_id;
    return coderId === undefined ? [] : [{ coderId, index: hit.latent }];
  });
  const examples = await topExamples(pool, latents);
  // An index may lag behind Postgres: a hit whose coder is gone or whose explanation a takedown withholds is not shown.
  return hits.flatMap((hit) => {
    const row = byId.get(hit.id);
    if (row === undefined) return [];
    return [
      {
        ...hit,
        // The index learns of a score that failed a little later.
        ...(row.failure === null ? {} : { score: null, scoreLower: null }),
        failure: row.failure,
        scoreUpper: row.upper,
        control: row.control_value,
        nPositives: row.n_positives,
        nNegatives: row.n_negatives,
        example: examples.get(`${row.coder_id}/${hit.latent}`) ?? null,
      },
    ];
  });
}
