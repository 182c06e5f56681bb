import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createVectorIndex } from '#gpu-worker/embed/vector-index.ts';
import { type SearchHit, type SearchQuery, searchQuerySchema, searchResultsSchema } from '#lib/search/schema.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { createMeilisearchEngine } from '#platform/search/meilisearch.ts';
import type { SearchEngine } from '#platform/search/types.ts';
import { type MeilisearchDouble, startMeilisearchDouble } from '#tests/doubles/meilisearch.ts';
import { CATALOGUE, DIMENSIONS, makeDocument, meaningOf } from './search-catalogue.ts';
import { withDatabase } from './with-database.ts';

const REAL = process.env['MEILI_URL'];

describe('embedded engine', () => {
  contract(async () => {
    const { pool } = await withDatabase();
    const vectorScan = createVectorIndex({
      pool,
      freshForMs: 0,
      onError: (error) => {
        throw error;
      },
    });
    const engine = createEmbeddedEngine({ pool, vectorScan });
    return { engine, close: () => vectorScan.close() };
  });
});

describe('Meilisearch engine against a double of its HTTP API', () => {
  let double: MeilisearchDouble;
  const options = { dimensions: () => Promise.resolve(DIMENSIONS) };
  contract(async () => {
    double = await startMeilisearchDouble();
    const engine = createMeilisearchEngine({ url: double.url, key: double.masterKey, searchKey: null, ...options });
    return { engine, close: () => double.close() };
  });

  test('searches with a key that may only search; only writes carry the writing key', async () => {
    const searches = double.requests.filter((request) => request.path.endsWith('search'));
    expect(searches.length).toBeGreaterThan(20);
    expect(searches.some((request) => request.key === double.masterKey)).toBe(false);
    const reader = createMeilisearchEngine({ url: double.url, key: null, searchKey: searches[0]!.key, ...options });
    expect(await reader.count()).toBe(CATALOGUE.length);
    await expect(reader.clear()).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('a second catalogue on the same server is searched with a key of its own', async () => {
    const second = createMeilisearchEngine({ url: double.url, key: double.masterKey, searchKey: null, index: 'another_catalogue', ...options });
    await second.prepare();
    await second.upsert(CATALOGUE.slice(0, 2));
    expect(await second.count()).toBe(2);
  });

  test('says when the server is away or refuses the key', async () => {
    const wrong = createMeilisearchEngine({ url: double.url, key: 'wrong', searchKey: null, ...options });
    await expect(wrong.prepare()).rejects.toMatchObject({ code: 'forbidden' });
    const away = createMeilisearchEngine({ url: 'http://127.0.0.1:1', key: null, searchKey: 'x', ...options });
    await expect(away.count()).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
  });

  test('a busy server is waited for no longer than the signal allows', async () => {
    const engine = createMeilisearchEngine({ url: double.url, key: double.masterKey, searchKey: null, ...options });
    double.busy = true;
    try {
      const stop = AbortSignal.timeout(50);
      await expect(engine.upsert(CATALOGUE.slice(0, 1), stop)).rejects.toMatchObject({ name: 'TimeoutError' });
      await expect(engine.remove('1', [999_999], stop)).rejects.toMatchObject({ name: 'TimeoutError' });
    } finally {
      double.busy = false;
    }
  });

  test('a task that fails is an error with the server’s reason', async () => {
    const engine = createMeilisearchEngine({ url: double.url, key: double.masterKey, searchKey: null, ...options });
    const short = { ...makeDocument(99, 'short vector', { sea: 1 }), vector: Float32Array.of(1) };
    await expect(engine.upsert([short])).rejects.toMatchObject({ code: 'upstream_failed', message: expect.stringContaining('dimensions') });
  });
});

describe.skipIf(REAL === undefined)(`Meilisearch engine against the server at MEILI_URL (${REAL ?? 'not set'})`, () => {
  contract(async () => {
    const key = process.env['MEILI_MASTER_KEY'] ?? null;
    const engine = createMeilisearchEngine({ url: REAL!, key, searchKey: null, dimensions: () => Promise.resolve(DIMENSIONS), index: 'latents_contract_test' });
    return { engine, close: () => engine.clear() };
  });
});

/** What both engines promise. Vectors are hand-made: see search-catalogue. */
function contract(open: () => Promise<{ engine: SearchEngine; close: () => Promise<void> }>): void {
  let engine: SearchEngine;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ engine, close } = await open());
    await engine.prepare();
    await engine.prepare();
    await engine.clear();
    await engine.upsert(CATALOGUE);
  });
  afterAll(() => close());

  const search = async (query: Partial<SearchQuery>, meaning: Parameters<typeof meaningOf>[0] | null = null) => {
    const results = await engine.search(searchQuerySchema.parse(query), meaning && meaningOf(meaning));
    return searchResultsSchema.parse(results);
  };
  const latentsOf = (results: { hits: SearchHit[] }): number[] => results.hits.map((hit) => hit.latent);
  const find = async (query: Partial<SearchQuery>, meaning: Parameters<typeof meaningOf>[0] | null = null): Promise<number[]> =>
    latentsOf(await search(query, meaning));

  describe('words', () => {
    test('finds a word and says what found it', async () => {
      const results = await search({ q: 'railroad' });
      expect(latentsOf(results)).toEqual([1]);
      const { vector: _, coderId: __, ...stored } = CATALOGUE[0]!;
      expect(results.hits[0]).toEqual({ ...stored, matched: ['words'] });
      expect(results).toMatchObject({ total: 1, page: 1, pages: 1, mode: 'words', engine: engine.name });
    });

    test('case, singular and plural do not matter', async () => {
      expect(await find({ q: 'RAILROADS' })).toEqual([1]);
      expect(await find({ q: 'school' })).toEqual([12]);
    });

    test('corrects typos: a letter missing, wrong, doubled', async () => {
      expect(await find({ q: 'railrod' })).toEqual([1]);
      expect(await find({ q: 'treasry' })).toEqual([3]);
      expect(await find({ q: 'locomotivez' })).toEqual([2]);
      expect(await find({ q: 'tteachers' })).toEqual([12]);
    });

    test('a word as it stands comes before a corrected one', async () => {
      await engine.upsert([
        makeDocument(20, 'A railrod, so spelt', null, { scoreLower: 0.1 }),
        ...[21, 22, 23, 24, 25].map((id) => makeDocument(id, 'Another railroad', null)),
      ]);
      const found = await find({ q: 'railrod' });
      expect(found[0]).toBe(20);
      expect(found).toContain(1);
      await restore();
    });

    test('the last word may be only begun', async () => {
      expect(await find({ q: 'locomo' })).toEqual([2]);
      expect(await find({ q: 'merchant ship' })).toContain(9);
      expect(await find({ q: 'locomo shipping' })).not.toContain(2);
    });

    test('a phrase in quotes must occur as it stands, with its small words', async () => {
      expect(await find({ q: '"state of the union"' })).toEqual([5]);
      expect(await find({ q: '"union of the state"' })).toEqual([6]);
      expect(await find({ q: '"state union"' })).toEqual([]);
      expect(await find({ q: '"vessels of" war' })).toEqual([8]);
    });

    test('an entry with more of the words comes first', async () => {
      const found = await find({ q: 'war with spain' });
      expect(found[0]).toBe(7);
      expect(await find({ q: 'treasury receipts' })).toEqual([3]);
    });

    test('accents and scripts', async () => {
      expect(await find({ q: 'elections' })).toEqual([10]);
      expect(await find({ q: 'ÉLECTIONS SAO' })).toEqual([10]);
      expect(await find({ q: 'naïve' })).toEqual([10]);
      expect(await find({ q: 'выборы' })).toEqual([]);
    });

    test('what is not in the index finds nothing', async () => {
      expect(await search({ q: 'xylophone' })).toMatchObject({ hits: [], total: 0, pages: 0 });
      expect(await find({ q: '?!' })).toEqual([]);
    });
  });

  describe('meaning', () => {
    test('finds without a shared word, nearest first, and says so', async () => {
      const results = await search({ q: 'budget' }, { money: 1 });
      expect(latentsOf(results)).toEqual([3, 4, 6]);
      expect(results.hits.map((hit) => hit.matched)).toEqual([['meaning'], ['meaning'], ['meaning']]);
      expect(results).toMatchObject({ total: 3, mode: 'hybrid' });
    });

    test('what both find comes first; neither is lost', async () => {
      const results = await search({ q: 'taxes' }, { money: 1 });
      expect(results.hits[0]).toMatchObject({ latent: 4, matched: ['words', 'meaning'] });
      expect(latentsOf(results).toSorted((a, b) => a - b)).toEqual([3, 4, 6]);
      const apart = await search({ q: 'whale' }, { money: 1 });
      expect(apart.hits.find((hit) => hit.latent === 11)).toMatchObject({ matched: ['words'] });
      expect(apart.total).toBe(4);
    });

    test('nothing near finds nothing', async () => {
      expect(await find({ q: 'xylophone' }, { other: -1 })).toEqual([]);
    });

    test('a phrase binds what is found by meaning as well', async () => {
      expect(await find({ q: '"union of the state"' }, { money: 1 })).toEqual([6]);
    });

    test('without a vector words alone, and the mode says so', async () => {
      expect(await search({ q: 'taxes' }, null)).toMatchObject({ mode: 'words', total: 1 });
    });

    test('an entry without a vector is found by its words', async () => {
      const results = await search({ q: 'monetary' }, { money: 1 });
      expect(results.hits.find((hit) => hit.latent === 14)).toMatchObject({ matched: ['words'] });
    });
  });

  describe('filters', () => {
    test.each<[Partial<SearchQuery>, number[]]>([
      [{ model: ['whales'] }, [11, 12, 13, 14]],
      [{ coder: ['b'] }, [7, 8, 9, 10]],
      [{ coder: ['a', 'c'] }, [1, 2, 3, 4, 5, 6, 11, 12, 14]],
      [{ layer: [3] }, [7, 8, 9, 10]],
      [{ layer: [2, 3], method: ['llm'] }, [4, 9, 10]],
      [{ hookpoint: ['layers.3.mlp'] }, [7, 8, 9, 10]],
      [{ hookpoint: ['embed', 'layers.2'], model: ['presidents'] }, [1, 2, 3, 4, 5, 6]],
      [{ method: ['llm'] }, [4, 9, 10]],
      [{ minScore: 0.75 }, [1, 2, 3]],
      [{ minScore: 0 }, [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14]],
      [{ minFrequency: 0.013 }, [13, 14]],
      [{ maxFrequency: 0.002 }, [1, 2]],
      [{ minFrequency: 0.0045, maxFrequency: 0.0075 }, [5, 6, 7]],
      [{ model: ['nobody'] }, []],
      [{ coder: ['odd "name" \\ %'] }, [13]],
    ])('%j', async (filters, expected) => {
      const results = await search({ ...filters, limit: 100 });
      expect(latentsOf(results).toSorted((a, b) => a - b)).toEqual(expected);
      expect(results.total).toBe(expected.length);
    });

    test('apply to what words and meaning find', async () => {
      expect(await find({ q: 'war', method: ['llm'] }, { sea: 1 })).toEqual([9]);
      expect(await find({ q: 'budget', method: ['llm'] }, { money: 1 })).toEqual([4]);
      expect(await find({ q: 'budget', minScore: 0.58 }, { money: 1 })).toEqual([3, 6]);
    });
  });

  describe('facets', () => {
    test('count everything when browsing', async () => {
      const { facets } = await search({});
      expect(facets.model).toEqual([
        { value: 'presidents', count: 10 },
        { value: 'whales', count: 4 },
      ]);
      expect(facets.layer).toEqual([
        { value: '2', count: 6 },
        { value: '3', count: 4 },
      ]);
      expect(facets.hookpoint).toEqual([
        { value: 'layers.2', count: 6 },
        { value: 'embed', count: 4 },
        { value: 'layers.3', count: 4 },
        { value: 'layers.3.mlp', count: 4 },
      ]);
      expect(facets.method).toEqual([
        { value: 'lexical', count: 11 },
        { value: 'llm', count: 3 },
      ]);
      expect(facets.coder.map((facet) => facet.value)).toEqual(['a', 'b', 'c', 'odd "name" \\ %']);
    });

    test('ignore their own filter and obey the others', async () => {
      const { facets, total } = await search({ coder: ['b'], method: ['llm'] });
      expect(total).toBe(2);
      expect(facets.method).toEqual([
        { value: 'lexical', count: 2 },
        { value: 'llm', count: 2 },
      ]);
      expect(facets.coder).toEqual([
        { value: 'b', count: 2 },
        { value: 'a', count: 1 },
      ]);
      expect(facets.model).toEqual([{ value: 'presidents', count: 2 }]);
    });

    test('count what words and meaning find together, once', async () => {
      const both = await search({ q: 'war' }, { sea: 1 });
      expect(latentsOf(both).toSorted((x, y) => x - y)).toEqual([7, 8, 9, 11]);
      expect(both.total).toBe(4);
      expect(both.facets.model).toEqual([
        { value: 'presidents', count: 3 },
        { value: 'whales', count: 1 },
      ]);
      const chosen = await search({ q: 'war', model: ['whales'] }, { sea: 1 });
      expect(chosen.total).toBe(1);
      expect(chosen.facets.model).toEqual([
        { value: 'presidents', count: 3 },
        { value: 'whales', count: 1 },
      ]);
      expect(chosen.facets.coder).toEqual([{ value: 'c', count: 1 }]);
    });
  });

  describe('order and pages', () => {
    test('sorts by the score’s lower bound, frequency, maximum activation; missing scores last', async () => {
      const byScore = await search({ sort: 'score', limit: 100 });
      expect(byScore.hits.slice(0, 3).map((hit) => hit.latent)).toEqual([3, 1, 2]);
      expect(byScore.hits.at(-1)!.latent).toBe(5);
      expect(await find({ sort: 'frequency', limit: 3 })).toEqual([14, 13, 12]);
      expect(await find({ sort: 'max_activation', limit: 3 })).toEqual([1, 2, 3]);
    });

    test('sorts what words and meaning find, in one order', async () => {
      expect(await find({ q: 'war', sort: 'frequency' }, { sea: 1 })).toEqual([11, 9, 8, 7]);
      expect(await find({ q: 'budget', sort: 'score' }, { money: 1 })).toEqual([3, 6, 4]);
      expect(await find({ q: 'war', sort: 'frequency', limit: 2, page: 2 }, { sea: 1 })).toEqual([8, 7]);
    });

    test('browsing starts with the best explanations', async () => {
      const results = await search({ q: '  ' });
      expect(results.mode).toBe('browse');
      expect(results.total).toBe(CATALOGUE.length);
      expect(latentsOf(results).slice(0, 2)).toEqual([3, 1]);
      expect(results.hits[0]!.matched).toEqual([]);
    });

    test.each<[string, Partial<SearchQuery>, Parameters<typeof meaningOf>[0] | null]>([
      ['browsing', {}, null],
      ['browsing by frequency', { sort: 'frequency' }, null],
      ['words and meaning', { q: 'the state war' }, { sea: 0.5, money: 0.5, law: 0.5 }],
      ['words and meaning by score', { q: 'the state war', sort: 'score' }, { sea: 0.5, money: 0.5, law: 0.5 }],
    ])('pages have no gaps and no repeats: %s', async (_, query, meaning) => {
      const whole = await search({ ...query, limit: 100 }, meaning);
      expect(whole.total).toBe(whole.hits.length);
      expect(whole.total).toBeGreaterThan(3);
      const paged: number[] = [];
      const { pages } = await search({ ...query, limit: 3 }, meaning);
      expect(pages).toBe(Math.ceil(whole.total / 3));
      for (let page = 1; page <= pages; page++) paged.push(...(await find({ ...query, limit: 3, page }, meaning)));
      expect(paged).toEqual(latentsOf(whole));
      expect(await find({ ...query, limit: 3, page: pages + 1 }, meaning)).toEqual([]);
    });
  });

  describe('writing', () => {
    test('upsert replaces what its latent had: text, words, vector and figures', async () => {
      const newer = makeDocument(101, 'Telegraph lines', { other: 1 }, { latent: 2, method: 'llm', scoreLower: 0.99 });
      await engine.upsert([newer]);
      expect(await engine.count()).toBe(CATALOGUE.length);
      expect(await find({ q: 'locomotives' }, { rail: 1 })).toEqual([1]);
      const results = await search({ q: 'telegraph' });
      expect(results.hits[0]).toMatchObject({ id: '101', latent: 2, method: 'llm', scoreLower: 0.99 });
      expect(await find({ sort: 'score', limit: 1 })).toEqual([2]);
      await engine.upsert([{ ...newer, vector: null }]);
      expect(await find({ q: 'unseen' }, { other: 1 })).not.toContain(2);
      await restore();
      expect(await find({ q: 'telegraph' })).toEqual([]);
      expect(await find({ q: 'locomotives' })).toEqual([2]);
    });

    test('an entry is found by words before it has a vector and a score, and by meaning once it has', async () => {
      const early = makeDocument(40, 'Lighthouses of the coast', null, { score: null, scoreLower: null });
      await engine.upsert([early]);
      expect((await search({ q: 'lighthouses' }, { sea: 1 })).hits.find((hit) => hit.latent === 40)).toMatchObject({ matched: ['words'], score: null });
      expect(await find({ q: 'unseen' }, { sea: 1 })).not.toContain(40);
      await engine.upsert([{ ...early, score: 0.9, scoreLower: 0.85, vector: meaningOf({ sea: 1 }) }]);
      const later = await search({ q: 'unseen' }, { sea: 1 });
      expect(later.hits.find((hit) => hit.latent === 40)).toMatchObject({ matched: ['meaning'], score: 0.9, scoreLower: 0.85 });
      expect(await engine.count()).toBe(CATALOGUE.length + 1);
      await restore();
    });

    test('the same document twice in one batch counts once, the later one', async () => {
      await engine.upsert([makeDocument(30, 'first draft', null), makeDocument(30, 'second draft', null)]);
      const results = await search({ q: 'draft' });
      expect(results.hits.map((hit) => hit.text)).toEqual(['second draft']);
      await restore();
    });

    test('removes what it holds of some latents of one coder: entry, words and vector', async () => {
      await engine.upsert([
        makeDocument(50, 'The telegraph of coder a', { noise: 1 }),
        makeDocument(51, 'A telegraph of coder b', null, { coderId: '2', coder: 'b', latent: 2 }),
      ]);
      await engine.remove('1', [50, 2, 999]);
      expect(await engine.count()).toBe(CATALOGUE.length);
      expect((await search({ q: 'telegraph' })).hits.map((hit) => hit.id)).toEqual(['51']);
      expect(await find({ q: 'locomotives' }, { rail: 1 })).toEqual([1]);
      expect(await find({ q: 'unseen' }, { noise: 1 })).not.toContain(50);
      await engine.remove('1', [50]);
      await engine.remove('1', []);
      expect(await engine.count()).toBe(CATALOGUE.length);
      await restore();
    });

    test('nothing to write is no work', async () => {
      await engine.upsert([]);
      expect(await engine.count()).toBe(CATALOGUE.length);
    });

    test('rebuild replaces everything; searches go on meanwhile', async () => {
      const seen: number[] = [];
      const replacement = [CATALOGUE.slice(0, 2), [makeDocument(40, 'A new entry', { school: 1 })]];
      const count = await engine.rebuild(
        (async function* () {
          for (const batch of replacement) {
            seen.push((await search({ q: 'whale' })).total);
            yield batch;
          }
        })(),
      );
      expect(count).toBe(3);
      expect(seen).toEqual([1, 1]);
      expect(await engine.count()).toBe(3);
      expect(await find({ limit: 100 })).toEqual([1, 2, 40]);
      expect(await find({ q: 'teachers' }, { school: 1 })).toEqual([40]);
      await restore();
    });

    test('clear empties the index', async () => {
      await engine.clear();
      expect(await engine.count()).toBe(0);
      expect(await search({ q: 'railroad' }, { rail: 1 })).toMatchObject({
        hits: [],
        total: 0,
        facets: { model: [], coder: [], layer: [], hookpoint: [], method: [] },
      });
      expect(await search({})).toMatchObject({ hits: [], total: 0, mode: 'browse' });
      await restore();
    });
  });

  test('typed signs are text, never syntax', async () => {
    const typed = [
      "'; DROP TABLE search_entries; --",
      '" OR 1=1',
      "a' | 'b:* & !c",
      '\\',
      '%',
      '_',
      '<-> (',
      ':*',
      "''''",
      '"unclosed phrase',
      '(((',
      '-war',
      'key IN ["1-1"]',
      '\u0000nul',
      '𝒳 🙂',
    ];
    for (const q of typed) await search({ q }, { noise: -1 });
    for (const value of ["x'] OR 1=1 --", 'a"] OR key EXISTS', '\\"', '{a,b}']) {
      expect(await find({ model: [value], coder: [value], hookpoint: [value], method: [value] })).toEqual([]);
    }
    expect(await find({ q: 'backslashes' })).toEqual([13]);
    expect(await engine.count()).toBe(CATALOGUE.length);
  });

  test('a query of the greatest length is answered', async () => {
    const results = await search(
      {
        q: Array.from({ length: 66 }, (_, i) => `word${i}`.slice(0, 6))
          .join(' ')
          .slice(0, 400),
      },
      { rail: 1 },
    );
    expect(latentsOf(results)).toEqual([1, 2]);
  });

  /** The catalogue as it was. */
  async function restore(): Promise<void> {
    await engine.clear();
    await engine.upsert(CATALOGUE);
  }
}
