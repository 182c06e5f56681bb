import { z } from 'zod';

/** What an index holds of one explanation; every field can be rebuilt from Postgres. */
export interface SearchDocument {
  /** The explanation's id, decimal. */
  id: string;
  coderId: string;
  model: string;
  coder: string;
  latent: number;
  text: string;
  method: string;
  layer: number | null;
  hookpoints: string[];
  score: number | null;
  scoreLower: number | null;
  frequency: number;
  maxActivation: number;
  /** Unit length; null when no embedder answered. */
  vector: Float32Array | null;
}

export const SEARCH_SORTS = ['relevance', 'score', 'frequency', 'max_activation'] as const;

/** A query of the search page and of the API; the page's URL carries exactly these fields. */
export const searchQuerySchema = z.object({
  q: z.string().trim().max(400).default(''),
  model: z.array(z.string()).default([]),
  coder: z.array(z.string()).default([]),
  layer: z.array(z.coerce.number().int()).default([]),
  hookpoint: z.array(z.string()).default([]),
  method: z.array(z.string()).default([]),
  minScore: z.coerce.number().min(0).max(1).optional().describe('Least lower bound of the embedding score'),
  minFrequency: z.coerce.number().min(0).max(1).optional(),
  maxFrequency: z.coerce.number().min(0).max(1).optional(),
  sort: z.enum(SEARCH_SORTS).default('relevance'),
  page: z.coerce.number().int().min(1).max(500).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type SearchQuery = z.infer<typeof searchQuerySchema>;

export const searchHitSchema = z.object({
  id: z.string(),
  model: z.string(),
  coder: z.string(),
  latent: z.number().int(),
  text: z.string(),
  method: z.string(),
  layer: z.number().int().nullable(),
  hookpoints: z.array(z.string()),
  score: z.number().nullable(),
  scoreLower: z.number().nullable(),
  frequency: z.number(),
  maxActivation: z.number(),
  /** What found it: words, meaning, or both. */
  matched: z.array(z.enum(['words', 'meaning'])),
});
export type SearchHit = z.infer<typeof searchHitSchema>;

const countsSchema = z.array(z.object({ value: z.string(), count: z.number().int() }));

export const searchResultsSchema = z.object({
  hits: z.array(searchHitSchema),
  total: z.number().int(),
  page: z.number().int(),
  pages: z.number().int(),
  /** Counts under all filters but the facet's own. */
  facets: z.object({ model: countsSchema, coder: countsSchema, layer: countsSchema, hookpoint: countsSchema, method: countsSchema }),
  /** `words` when the embedder did not answer in time; the page says so. */
  mode: z.enum(['hybrid', 'words', 'browse']),
  engine: z.enum(['embedded', 'meilisearch']),
  tookMs: z.number(),
});
export type SearchResults = z.infer<typeof searchResultsSchema>;
