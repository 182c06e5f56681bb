import type { Pool } from 'pg';
import type { FeaturedLatent } from '#lib/catalogue/overview.ts';
import type { LatentRow } from '#lib/catalogue/schema.ts';
import { notShown } from '#platform/database/withheld.ts';
import { topExamples } from './examples.ts';
import { HEADLINE_SCORE, LATENT_COLUMNS, type LatentDbRow, toLatentRow } from './rows.ts';

/** As many as the home page has room for. */
const FEATURED = 6;
/** Candidates a coder: enough for variety among labels that resemble one another. */
const CANDIDATES = 150;

type CandidateRow = LatentDbRow & { coder_id: string; model: string; coder: string };

/** A latent worth showing, before its window is looked up. */
export interface Featured {
  coderId: string;
  latent: LatentRow;
}

/** A few latents whose explanations hold best, by lower bound, and that say different things. Ask through a cache. */
export async function readFeatured(pool: Pool): Promise<Featured[]> {
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
  return chooseDiverse(rows, (row) => row.headline_text ?? '', FEATURED).map((row) => ({
    coderId: row.coder_id,
    latent: toLatentRow(row.model, row.coder, row),
  }));
}

/**
 * Their windows, and whether their sentences still stand, read anew each time: what was taken down, or made from what was,
 * must not live on in a cache.
 */
export async function withExamples(pool: Pool, featured: readonly Featured[]): Promise<FeaturedLatent[]> {
  const { rows } = await pool.query<{ coder_id: string; index: number; text: string }>(
    `select l.coder_id, l.index, x.text from unnest($1::bigint[], $2::int[]) as kept(coder_id, index)
     join latents l on l.coder_id = kept.coder_id and l.index = kept.index
     join explanations x on x.coder_id = l.coder_id and x.id = l.headline_explanation_id
     where not ${notShown('x')}`,
    [featured.map(({ coderId }) => coderId), featured.map(({ latent }) => latent.index)],
  );
  const texts = new Map(rows.map((row) => [`${row.coder_id}/${row.index}`, row.text]));
  const standing = featured.filter(({ coderId, latent }) => texts.get(`${coderId}/${latent.index}`) === latent.explanation);
  const examples = await topExamples(
    pool,
    standing.map(({ coderId, latent }) => ({ coderId, index: latent.index })),
  );
  return standing.map(({ coderId, latent }) => ({ ...latent, example: examples.get(`${coderId}/${latent.index}`) ?? null }));
}

/** Two labels that share more than this part of their words (Jaccard) say the same thing to a visitor. */
const MOST_OVERLAP = 0.25;
/** Words that more than this part of the labels have are an explainer's manner of speaking, not what it says. */
const COMMON_WORD = 0.3;

/**
 * The first `count` items, best first, leaving out any whose text resembles one already chosen. When too few differ,
 * the rest is filled with the best of those left out; the same text never comes twice.
 */
export function chooseDiverse<T>(items: readonly T[], textOf: (item: T) => string, count: number): T[] {
  const texts = new Set(items.map(textOf));
  const common = commonWords(texts);
  const chosen: { item: T; words: Set<string> }[] = [];
  const others: { item: T }[] = [];
  for (const item of items) {
    if (chosen.length === count) break;
    const text = textOf(item);
    if (!texts.delete(text)) continue;
    const words = new Set([...wordsOf(text)].filter((word) => !common.has(word)));
    if (chosen.some((earlier) => overlap(earlier.words, words) > MOST_OVERLAP)) others.push({ item });
    else chosen.push({ item, words });
  }
  return [...chosen, ...others].slice(0, count).map(({ item }) => item);
}

/** Words of four letters or more; shorter ones are mostly grammar and make all sentences alike. */
function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/\p{L}{4,}/gu) ?? []);
}

function commonWords(texts: ReadonlySet<string>): Set<string> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  // Of a handful of labels every word would be common.
  const most = Math.max(3, COMMON_WORD * texts.size);
  return new Set([...counts].filter(([, count]) => count > most).map(([word]) => word));
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared += 1;
  const all = a.size + b.size - shared;
  return all === 0 ? 1 : shared / all;
}
