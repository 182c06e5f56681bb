import type { SearchDocument } from '#lib/search/schema.ts';

/** Directions of meaning for hand-made vectors, so that nothing depends on an embedder. */
const TOPICS = ['money', 'rail', 'sea', 'war', 'school', 'law', 'noise', 'other'] as const;
type Topic = (typeof TOPICS)[number];
export const DIMENSIONS = TOPICS.length;

/** A unit vector of the given mixture. */
export function meaningOf(mixture: Partial<Record<Topic, number>>): Float32Array {
  const parts = TOPICS.map((topic) => mixture[topic] ?? 0);
  const length = Math.hypot(...parts);
  return Float32Array.from(parts, (part) => part / length);
}

/** A document of coder `a` unless told otherwise; `id` also numbers its latent. */
export function makeDocument(id: number, text: string, meaning: Partial<Record<Topic, number>> | null, over: Partial<SearchDocument> = {}): SearchDocument {
  return {
    id: String(id),
    coderId: '1',
    model: 'presidents',
    coder: 'a',
    latent: id,
    text,
    method: 'lexical',
    layer: 2,
    hookpoints: ['layers.2'],
    score: 0.7,
    scoreLower: 0.6,
    frequency: 0.001 * id,
    maxActivation: 20 - id,
    vector: meaning && meaningOf(meaning),
    ...over,
  };
}

const b = { coderId: '2', coder: 'b', layer: 3, hookpoints: ['layers.3', 'layers.3.mlp'] };
const c = { coderId: '3', model: 'whales', coder: 'c', layer: null, hookpoints: ['embed'] };

/** Three coders of two models. Words of one topic are spread over documents on purpose. */
export const CATALOGUE: SearchDocument[] = [
  makeDocument(1, 'The railroad and its construction across the prairie', { rail: 1 }, { scoreLower: 0.8, score: 0.9 }),
  makeDocument(2, 'Locomotives and iron tracks', { rail: 0.9, other: 0.3 }, { scoreLower: 0.75 }),
  makeDocument(3, 'Receipts of the treasury', { money: 1 }, { scoreLower: 0.9, score: 0.95 }),
  makeDocument(4, 'Taxes and customs duties', { money: 0.9, law: 0.4 }, { method: 'llm', scoreLower: 0.55 }),
  makeDocument(5, 'The state of the union message', { law: 1 }, { scoreLower: null, score: null }),
  makeDocument(6, 'A union of the state banks', { money: 0.6, law: 0.6 }),
  makeDocument(7, 'War with Spain over Cuba', { war: 1 }, b),
  makeDocument(8, 'Spanish vessels of war', { war: 0.7, sea: 0.7 }, { ...b, scoreLower: 0.5 }),
  makeDocument(9, 'Harbours and merchant shipping', { sea: 1 }, { ...b, method: 'llm', scoreLower: 0.4 }),
  makeDocument(10, 'Élections à São Paulo, naïve résumé', { law: 0.8, other: 0.6 }, { ...b, method: 'llm' }),
  makeDocument(11, 'The white whale beneath the waves', { sea: 0.9, other: 0.4 }, c),
  makeDocument(12, 'Common schools and teachers', { school: 1 }, { ...c, scoreLower: 0.65 }),
  makeDocument(13, 'Quotes " and \\ backslashes; -- dashes % and _ signs', { noise: 1 }, { ...c, coder: 'odd "name" \\ %', coderId: '4' }),
  makeDocument(14, 'Without any vector: monetary policy', null, c),
];
