import { expect } from '@playwright/test';
import { z } from 'zod';
import { coderSummarySchema, latentDetailSchema, latentRowSchema, modelSummarySchema } from '#lib/catalogue/schema.ts';
import { searchPageSchema } from '#lib/search/page.ts';
import { CODER_PATH, pathOf } from './catalogue.ts';
import { test } from './fixtures.ts';
import { FIRST_RUN } from './site.ts';

test('lists models and coders, and gets one of each', async ({ request }) => {
  const models = z.object({ models: z.array(modelSummarySchema) }).parse(await (await request.get('/api/v1/models')).json());
  expect(models.models.map(({ slug }) => slug)).toEqual([FIRST_RUN.model]);
  const list = await (await request.get(`/api/v1/models/${FIRST_RUN.model}/coders`)).json();
  const { coders } = z.object({ coders: z.array(coderSummarySchema) }).parse(list);
  expect(coders).toHaveLength(6);
  expect(coders.find(({ slug }) => slug === FIRST_RUN.coder)).toEqual(await (await request.get(`/api/v1/coders${CODER_PATH}`)).json());
});

test('pages through a coder’s latents by cursor', async ({ request, catalogue: { rows } }) => {
  const pageSchema = z.object({ latents: z.array(latentRowSchema), nextCursor: z.string().nullable() });
  const seen: number[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = pageSchema.parse(await (await request.get(`/api/v1/coders${CODER_PATH}/latents?limit=40${from}`)).json());
    seen.push(...page.latents.map(({ index }) => index));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(rows.map(({ index }) => index));
});

test('gets a latent with its examples, evidence and exam from different documents', async ({ request, catalogue: { best } }) => {
  const latent = latentDetailSchema.parse(await (await request.get(`/api/v1/latents${pathOf(best.index)}`)).json());
  expect(latent.id).toBe(`${FIRST_RUN.model}@${FIRST_RUN.coder}:${best.index}`);
  const documents = (split: string) => new Set(latent.examples.filter((example) => example.split === split).map(({ document }) => document));
  const [train, exam] = [documents('train'), documents('test')];
  expect(train.size).toBeGreaterThan(0);
  expect(exam.size).toBeGreaterThan(0);
  expect([...exam].filter((document) => train.has(document))).toEqual([]);
  expect(Math.max(...latent.examples.map(({ maxActivation }) => maxActivation))).toBeLessThanOrEqual(latent.maxActivation * 1.001);
});

test('searches, with filters', async ({ request, catalogue: { best } }) => {
  const params = { q: best.explanations[0]?.text ?? '', coder: FIRST_RUN.coder, limit: 5 };
  const found = searchPageSchema.parse(await (await request.get('/api/v1/search', { params })).json());
  expect(found.mode).toBe('hybrid');
  expect(found.hits[0]).toMatchObject({ latent: best.index, coder: FIRST_RUN.coder });
  const none = searchPageSchema.parse(await (await request.get('/api/v1/search', { params: { ...params, coder: 'layers.0-2k' } })).json());
  expect(none.hits.map(({ coder }) => coder)).not.toContain(FIRST_RUN.coder);
});

test('serves the OpenAPI 3.1 document of what it answers', async ({ request, baseURL }) => {
  const response = await request.get('/api/v1/openapi.json');
  expect(response.headers()['content-type']).toContain('application/json');
  const document = z
    .object({ openapi: z.string(), servers: z.array(z.object({ url: z.string() })), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(await response.json());
  expect(document.openapi).toBe('3.1.0');
  expect(document.servers[0]?.url).toBe(`${baseURL}/api/v1`);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/models', '/coders/{model}/{coder}/latents', '/latents/{model}/{coder}/{index}', '/search']),
  );
});

test.describe('refuses with problem documents', () => {
  const cases = [
    { what: 'an address that is none', path: '/nothing', status: 404, code: 'not_found' },
    { what: 'a latent that is none', path: `/latents${pathOf(999_999)}`, status: 404, code: 'not_found' },
    { what: 'a misspelt filter', path: '/search?layr=2', status: 400, code: 'bad_request' },
    { what: 'a bound that is none', path: '/search?minScore=7', status: 400, code: 'bad_request' },
    { what: 'an unknown key', path: '/models', status: 401, code: 'unauthorised', headers: { 'x-api-key': 'atlas_nonsense' } },
  ];
  for (const { what, path, status, code, headers = {} } of cases) {
    test(what, async ({ request }) => {
      const response = await request.get(`/api/v1${path}`, { headers });
      expect(response.status()).toBe(status);
      expect(response.headers()['content-type']).toContain('application/problem+json');
      expect(await response.json()).toMatchObject({ status, code, instance: `/api/v1${path.split('?')[0]}` });
    });
  }

  test('a method that the address does not take', async ({ request }) => {
    const response = await request.delete('/api/v1/models');
    expect(response.status()).toBe(405);
    expect(response.headers()['allow']).toContain('GET');
  });
});

test('what has not changed is 304, and any site may read', async ({ request }) => {
  const first = await request.get('/api/v1/models');
  expect(first.headers()['access-control-allow-origin']).toBe('*');
  const again = await request.get('/api/v1/models', { headers: { 'if-none-match': first.headers()['etag'] ?? '' } });
  expect(again.status()).toBe(304);
});
