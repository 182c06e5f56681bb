import type { Pool } from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { searchQuerySchema } from '#lib/search/schema.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import { planWords } from '#platform/search/embedded/word-plan.ts';
import { parseQueryWords } from '#lib/search/query-words.ts';
import type { SearchEngine } from '#platform/search/types.ts';
import { makeDocument } from '#tests/integration/search-catalogue.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

// How the embedded engine orders what the words find; both engines' common promises are in search-contract.

let pool: Pool;
let engine: SearchEngine;
const database = withDatabase();

beforeEach(async () => {
  ({ pool } = await database);
  engine = createEmbeddedEngine({ pool, vectorScan: null });
  await engine.clear();
});

/** Indexes the texts as latents 1, 2, … and answers the order in which a query finds them. */
async function order(texts: string[], q: string, scores: (number | null)[] = []): Promise<number[]> {
  await engine.upsert(texts.map((text, i) => makeDocument(i + 1, text, null, { scoreLower: scores[i] ?? 0.5 })));
  return (await engine.search(searchQuerySchema.parse({ q, limit: 100 }), null)).hits.map((hit) => hit.latent);
}

const FRAME = 'The words "of", "and", "it" and "be", near ';

test('what a text begins with counts more than what it mentions; the word itself more than another form of it', async () => {
  const texts = [
    `${FRAME}"railroads"`,
    'The words "railroad" and "canal"',
    'The words "railroads" and "canal"',
    `${FRAME}"railroad"`,
    'The word "railroadish"',
  ];
  expect(await order(texts, 'railroads')).toEqual([3, 2, 1, 4]);
});

test('among equals the better explanation comes first', async () => {
  expect(await order(['coal mines', 'coal mines', 'coal mines'], 'coal', [0.4, null, 0.9])).toEqual([3, 2, 1]);
});

test('a rare word counts more than a common one', async () => {
  const texts = [...Array.from({ length: 20 }, () => 'the tariff question'), 'tariff of whales', 'whales alone', 'tariff question again'];
  expect((await order(texts, 'tariff whales')).slice(0, 2)).toEqual([21, 22]);
});

test('words that nearly every entry has find nothing by themselves beside a rare one', async () => {
  const texts = [...Array.from({ length: 40 }, (_, i) => `words such as number${i}x`), 'words such as whale'];
  expect(await order(texts, 'words such as whale')).toEqual([41]);
  expect((await engine.search(searchQuerySchema.parse({ q: 'words' }), null)).total).toBe(41);
});

test('small words are searched when nothing else was typed', async () => {
  expect(await order(['of the people', 'by nobody'], 'the')).toEqual([1]);
  expect(await order(['of the people', 'by nobody'], 'the people')).toEqual([1]);
});

describe('typos', () => {
  const known = (q: string): Promise<string[]> => planWords(pool, parseQueryWords(q)).then((plan) => plan.terms.map((term) => term.any));

  test('a word that is known is taken as it stands', async () => {
    await engine.upsert([makeDocument(1, 'nations', null), makeDocument(2, 'rations', null), ...[3, 4, 5].map((id) => makeDocument(id, 'nation', null))]);
    expect(await known('nations ')).toEqual(["('nation':cd) | ('nations':*ab)"]);
    expect(await known('nationz.')).toEqual(["('nation':cd)"]);
  });

  test('only the nearest words are taken for what was meant', async () => {
    await engine.upsert(['constitution', 'constitutions', 'institution', 'restitution'].map((word, i) => makeDocument(i + 1, word, null)));
    expect(await known('constitucion.')).toEqual(["('constitut':cd)"]);
    expect(await known('xonstitucion.')).toEqual(["('constitut':cd)"]);
    expect(await known('zzzstitucion.')).toEqual([]);
  });

  test('short words and numbers are not guessed at', async () => {
    await engine.upsert([makeDocument(1, 'war of 1898', null)]);
    expect(await known('wat.')).toEqual([]);
    expect(await known('1899.')).toEqual([]);
  });
});

test('a query of very many words keeps the rarest', async () => {
  const letters = 'b c d e f g h j k l m n o p q r u v w x y z';
  await engine.upsert([...Array.from({ length: 9 }, (_, i) => makeDocument(i + 1, letters, null)), makeDocument(10, 'whale', null)]);
  const plan = await planWords(pool, parseQueryWords(`${letters} whale.`));
  expect(plan.terms.length).toBe(12);
  expect(plan.terms[0]!.any).toBe("('whale':cd)");
});
