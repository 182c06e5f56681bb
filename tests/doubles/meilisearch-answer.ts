// How the double of Meilisearch finds, filters, sorts and counts: see meilisearch.ts.

export type Document = Record<string, unknown> & { _vectors?: Record<string, number[] | null> };
export interface Index {
  documents: Map<string, Document>;
  settings: { filterableAttributes?: string[]; sortableAttributes?: string[]; embedders?: Record<string, { dimensions: number }> };
}
export interface Search {
  q?: string | null;
  filter?: string[];
  limit?: number;
  offset?: number;
  sort?: string[];
  facets?: string[];
  attributesToRetrieve?: string[];
  vector?: number[];
  hybrid?: { embedder: string; semanticRatio: number };
  rankingScoreThreshold?: number;
}

/** An answer of Meilisearch that is an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What a search answers, over documents in memory. */
export function answer(index: Index, search: Search): Record<string, unknown> {
  const filtered = [...index.documents.values()].filter((document) => (search.filter ?? []).every((condition) => passes(index, document, condition)));
  const found = search.hybrid ? byVector(index, filtered, search) : byWords(filtered, search.q ?? '');
  const ranked = sorted(index, found, search.sort ?? []);
  const { limit = 20, offset = 0, attributesToRetrieve } = search;
  const hits = ranked.slice(offset, offset + limit).map((document) => retrieve(document, attributesToRetrieve));
  const facetDistribution = search.facets && Object.fromEntries(search.facets.map((facet) => [facet, distribution(index, found, facet)]));
  return { hits, query: search.q ?? '', processingTimeMs: 0, limit, offset, estimatedTotalHits: found.length, facetDistribution };
}

function retrieve(document: Document, attributes: string[] | undefined): Document {
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== '_vectors' && (attributes === undefined || attributes.includes(name))));
}

function filterable(index: Index, attribute: string): void {
  if (!index.settings.filterableAttributes?.includes(attribute))
    throw new Refusal(400, 'invalid_search_filter', `Attribute \`${attribute}\` is not filterable.`);
}

function distribution(index: Index, documents: Document[], facet: string): Record<string, number> {
  filterable(index, facet);
  const counts: Record<string, number> = {};
  for (const document of documents) for (const value of valuesOf(document, facet)) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const valuesOf = (document: Document, attribute: string): string[] =>
  [document[attribute]]
    .flat()
    .filter((value) => value !== null && value !== undefined)
    .map(String);

/** One expression of the filter language: `a IN ["x", …]`, `a NOT IN […]`, `a >= 1`, `a <= 1`. Strings compare without case. */
function passes(index: Index, document: Document, condition: string): boolean {
  const [, attribute, operator, operand] = /^(\w+) (IN|NOT IN|>=|<=) (.+)$/su.exec(condition) ?? [];
  if (attribute === undefined || operand === undefined) throw new Refusal(400, 'invalid_search_filter', `Was expecting an operation, found \`${condition}\`.`);
  filterable(index, attribute);
  const values = valuesOf(document, attribute);
  if (operator === '>=' || operator === '<=')
    return values.some((value) => (operator === '>=' ? Number(value) >= Number(operand) : Number(value) <= Number(operand)));
  const wanted = parseList(operand).map((value) => value.toLowerCase());
  return values.some((value) => wanted.includes(value.toLowerCase())) === (operator === 'IN');
}

function parseList(operand: string): string[] {
  const values: string[] = [];
  const pattern = /\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/suy;
  const inside = /^\[(.*)\]$/su.exec(operand)?.[1];
  if (inside === undefined) throw new Refusal(400, 'invalid_search_filter', `Expected a list, found \`${operand}\`.`);
  while (pattern.lastIndex < inside.length) {
    const match = pattern.exec(inside);
    if (!match) throw new Refusal(400, 'invalid_search_filter', `Expected a quoted value in \`${operand}\`.`);
    values.push(match[1]!.replace(/\\(.)/gsu, '$1'));
  }
  return values;
}

function sorted(index: Index, documents: Document[], sort: string[]): Document[] {
  const orders = sort.map((order) => order.split(':') as [string, string]);
  for (const [attribute] of orders)
    if (!index.settings.sortableAttributes?.includes(attribute)) throw new Refusal(400, 'invalid_search_sort', `Attribute \`${attribute}\` is not sortable.`);
  return documents.toSorted((a, b) => {
    for (const [attribute, direction] of orders) {
      const [x, y] = [a[attribute], b[attribute]] as (number | null | undefined)[];
      if (x === y) continue;
      // Documents without the attribute come last in either direction.
      if (typeof x !== 'number') return 1;
      if (typeof y !== 'number') return -1;
      return direction === 'asc' ? x - y : y - x;
    }
    return 0;
  });
}

function byVector(index: Index, documents: Document[], { vector, hybrid, rankingScoreThreshold = 0 }: Search): Document[] {
  const { embedder, semanticRatio } = hybrid!;
  if (semanticRatio !== 1 || !vector) throw new Refusal(400, 'not_in_the_double', 'The double only knows a semantic ratio of 1 with a vector.');
  const dimensions = index.settings.embedders?.[embedder]?.dimensions;
  if (vector.length !== dimensions)
    throw new Refusal(400, 'invalid_vector_dimensions', `Invalid vector dimensions: expected \`${dimensions}\`, found \`${vector.length}\`.`);
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const score = (document: Document): number => {
    const own = document._vectors?.[embedder];
    return own ? (1 + dot(own, vector) / Math.sqrt(dot(own, own) * dot(vector, vector))) / 2 : -1;
  };
  return documents
    .map((document) => ({ document, score: score(document) }))
    .filter((scored) => scored.score >= Math.max(0, rankingScoreThreshold))
    .sort((a, b) => b.score - a.score)
    .map((scored) => scored.document);
}

/** Words, then typos, then exactness, then the custom rules. All words must match; failing any, the commonest are given up one by one. */
function byWords(documents: Document[], q: string): Document[] {
  const phrases = Array.from(q.matchAll(/"([^"]*)"/g), (match) => tokens(match[1]!)).filter((phrase) => phrase.length > 0);
  const rest = q.replace(/"[^"]*"/g, ' ');
  const words = tokens(rest).slice(0, 10);
  const prefixed = /\S$/.test(rest);
  const texts = documents.map((document) => ({ document, text: tokens(String(document['text'])) }));
  const having = texts.filter(({ text }) => phrases.every((phrase) => text.some((_, at) => phrase.every((word, i) => text[at + i] === word))));
  if (words.length === 0) return q.trim() === '' || phrases.length > 0 ? custom(having).map(({ document }) => document) : [];
  const typos = (text: string[]): (number | null)[] =>
    words.map((word, i) => least(text.map((own) => typosBetween(word, own, prefixed && i === words.length - 1))));
  const matched = having.map((entry) => ({ ...entry, typos: typos(entry.text) }));
  const frequency = words.map((_, i) => matched.filter((entry) => entry.typos[i] !== null).length);
  const byRarity = words.map((_, i) => i).sort((a, b) => frequency[a]! - frequency[b]!);
  const kept = (entry: (typeof matched)[number]): number => {
    let n = 0;
    while (n < byRarity.length && entry.typos[byRarity[n]!] !== null) n++;
    return n;
  };
  const sumOfTypos = (entry: (typeof matched)[number]): number => entry.typos.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  const exact = (entry: (typeof matched)[number]): number => words.filter((word) => entry.text.includes(word)).length;
  return custom(matched.filter((entry) => kept(entry) > 0))
    .sort((a, b) => kept(b) - kept(a) || sumOfTypos(a) - sumOfTypos(b) || exact(b) - exact(a))
    .map(({ document }) => document);
}

/** The custom ranking rules `scoreLower:desc`, `order:asc`. */
function custom<Entry extends { document: Document }>(entries: Entry[]): Entry[] {
  const figure = (entry: Entry): number => (entry.document['scoreLower'] as number | null) ?? -1;
  return entries.toSorted((a, b) => figure(b) - figure(a) || Number(a.document['order']) - Number(b.document['order']));
}

const tokens = (text: string): string[] =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? [];

const least = (counts: (number | null)[]): number | null =>
  counts.reduce((best, count) => (count !== null && (best === null || count < best) ? count : best), null);

function typosBetween(typed: string, own: string, prefix: boolean): number | null {
  const allowed = typed.length < 4 || /\d/.test(typed) ? 0 : typed.length < 8 ? 1 : 2;
  const candidates = prefix ? [own, ...[-1, 0, 1].map((d) => own.slice(0, typed.length + d))] : [own];
  const fewest = Math.min(...candidates.map((candidate) => levenshtein(typed, candidate)));
  return fewest <= allowed ? fewest : null;
}

function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    row = row.reduce<number[]>(
      (next, _, j) => [...next, j === 0 ? i : Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))],
      [],
    );
  }
  return row[b.length]!;
}
