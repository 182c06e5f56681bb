import type { SearchDocument, SearchHit } from '#lib/search/schema.ts';
import { EMBEDDER } from './settings.ts';

/** A search document as the Meilisearch index stores it: one a latent, by `key`. */
export type StoredDocument = Omit<SearchDocument, 'vector'> & {
  key: string;
  /** The explanation's id as a number, the last of the sort orders. */
  order: number;
  _vectors: Record<string, number[] | null>;
};

/** The primary key of a latent's document. */
export const keyOf = (coderId: string, latent: number): string => `${coderId}-${latent}`;

export function toStored({ vector, ...document }: SearchDocument): StoredDocument {
  return {
    ...document,
    key: keyOf(document.coderId, document.latent),
    order: Number(document.id),
    // Null says that a document has no vector; left out, Meilisearch would keep the one it had.
    _vectors: { [EMBEDDER]: vector && Array.from(vector) },
  };
}

/** Attributes of a hit; vectors and keys stay in the index. */
export const HIT_ATTRIBUTES = [
  'key',
  'id',
  'model',
  'coder',
  'latent',
  'text',
  'method',
  'layer',
  'hookpoints',
  'score',
  'scoreLower',
  'frequency',
  'maxActivation',
] as const;
export type StoredHit = Pick<StoredDocument, (typeof HIT_ATTRIBUTES)[number]>;

export function toHit({ key: _, ...hit }: StoredHit, matched: SearchHit['matched']): SearchHit {
  return { ...hit, matched };
}
