import type { Pool } from 'pg';
import type { FeaturedLatent } from '#lib/catalogue/overview.ts';
import { topExamples } from './examples.ts';
import { HEADLINE_SCORE, LATENT_COLUMNS, type LatentDbRow, toLatentRow } from './rows.ts';

/** As many as the home page has room for. */
const FEATURED = 6;
/** Candidates a coder: enough for variety among labels that resemble one another. */
const CANDIDATES = 150;

type CandidateRow = LatentDbRow & { coder_id: string; model: string; coder: string };

/** A few latents whose explanations hold best, by lower bound, and that say different things. */
export async function readFeatured(pool: Pool): Promise<FeaturedLatent[]> {
  const { rows } = await pool.query<CandidateRow>(
    `select c.id as coder_id, m.slug as model, c.slug as coder, ${LATENT_COLUMNS}
     from sparse_coders c join models m on m.id = c.model_id
     cross join lateral (
       select * from latents l where l.coder_id = c.id and l.headline_score_lower is not null
       order by l.headline_score_lower desc, l.index limit $1
     ) l
     ${HEADLINE_SCORE}
     order by l.headline_score_lower desc`,
    [CANDIDATES],
  );
  const chosen = chooseDiverse(rows, (row) => row.headline_text ?? '', FEATURED);
  const examples = await topExamples(pool, chosen.map((row) => ({ coderId: row.coder_id, index: row.index })));
  return chosen.map((row) => ({ ...toLatentRow(row.model, row.coder, row), example: examples.get(`${row.coder_id}/${row.index}`) ?? null }));
}

/** Two labels that share more than this part of their words (Jaccard) say the same thing to a visitor. */
const MOST_OVERLAP = 0.25;

/**
 * The first `count` items, best first, leaving out any whose text resembles one already chosen. When too few differ,
 * the rest is filled with the best of those left out.
 */
export function chooseDiverse<T>(items: readonly T[], textOf: (item: T) => string, count: number): T[] {
  const chosen: { item: T; words: Set<string> }[] = [];
  const others: T[] = [];
  for (const item of items) {
    if (chosen.length === count) break;
    const words = wordsOf(textOf(item));
    if (chosen.some((earlier) => overlap(earlier.words, words) > MOST_OVERLAP)) others.push(item);
    else chosen.push({ item, words });
  }
  return [...chosen.map(({ item }) => item), ...others].slice(0, count);
}

/** Words of four letters or more; shorter ones are mostly grammar and make all sentences alike. */
function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/\p{L}{4,}/gu) ?? []);
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared += 1;
  const all = a.size + b.size - shared;
  return all === 0 ? 1 : shared / all;
}
