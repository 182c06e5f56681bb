import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type OpenApiDocument, openApiDocument } from '#server/api/openapi.ts';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '#server/api/problem.ts';
import { handleRest } from '#server/api/rest.ts';
import { createApiKey } from '#server/auth/api-keys.ts';
import { createUser } from '#server/auth/users.ts';
import { handleTrpc } from '#server/http/trpc-endpoint.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { inventLatents, type Seeded, seedCoder, seedExamples } from './seed.ts';
import { SITE, testServer } from './test-server.ts';

let server: Awaited<ReturnType<typeof testServer>>;
let coder: Seeded;
let shown: number;
let score: string;
let adminKey: string;

beforeAll(async () => {
  const database = await withDatabase();
  coder = await seedCoder(database.pool, { model: 'm', coder: 'layers.2', latents: inventLatents(20, 'rest') });
  shown = coder.latents.find((latent) => latent.score !== null)!.index;
  await seedExamples(database.pool, coder, shown);
  score = (await database.pool.query<{ id: string }>('select id from scores where coder_id = $1 and latent_index = $2', [coder.coderId, shown])).rows[0]!.id;
  server = await testServer(database);
  const admin = await createUser(server, { email: 'a@example.org', name: 'A', password: 'correct horse battery', role: 'admin' });
  adminKey = (await createApiKey(server.pool, { userId: admin.id, name: 'k', scopes: ['admin'] })).key;
});

const ask = (path: string, init: RequestInit = {}): Promise<Response> => handleRest(server, new Request(`${SITE}/api/v1${path}`, init));

async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe(PROBLEM_MEDIA_TYPE);
  const document = problemSchema.parse(await response.json());
  expect(document.status).toBe(response.status);
  expect(document.type).toBe(`urn:latent-atlas:problem:${document.code}`);
  return document;
}

describe('problem documents', () => {
  test.each([
    ['/models/nope', 404, 'not_found', 'no model “nope”', 'model'],
    ['/coders/m/nope/latents', 404, 'not_found', 'no sparse coder “nope”', 'coder'],
    ['/latents/m/layers.2/99999', 404, 'not_found', 'there is no 99999', 'index'],
    ['/runs/999', 404, 'not_found', 'no run 999', 'run'],
    ['/nothing/here', 404, 'not_found', 'openapi.json', null],
    ['/latents/m/layers.2/minus', 400, 'bad_request', 'index: ', 'index'],
    ['/latents/m/layers.2/3000000000', 400, 'bad_request', 'index: ', 'index'],
    ['/coders/m/layers.2/latents?limit=9999', 400, 'bad_request', 'limit: ', 'limit'],
    ['/coders/m/layers.2/latents?sort=best', 400, 'bad_request', 'sort: ', 'sort'],
    ['/coders/m/layers.2/latents?cursor=%00', 400, 'bad_request', 'cursor is damaged', 'cursor'],
    ['/coders/m/layers.2/latents?minscore=1', 400, 'bad_request', '“minscore” is not a parameter', 'minscore'],
    ['/search?q=a&q=b', 400, 'bad_request', 'once only', 'q'],
    ['/search?layer=two', 400, 'bad_request', 'layer.0: ', 'layer.0'],
  ])('%s is %i, and says what is wrong', async (path, status, code, sentence, field) => {
    const document = await problem(await ask(path));
    expect(document).toMatchObject({ status, code, instance: new URL(path, SITE).pathname.replace(/^/, '/api/v1') });
    expect(document.detail).toContain(sentence);
    expect(document.errors?.map((error) => error.field) ?? [null]).toEqual([field]);
  });

  test('every field at fault of a body is named', async () => {
    const headers = { 'content-type': 'application/json', 'x-api-key': adminKey };
    const document = await problem(
      await ask('/admin/runs', { method: 'POST', headers, body: JSON.stringify({ model: '', coder: 'c', tokns: 5, tokens: 'many' }) }),
    );
    expect(document.status).toBe(400);
    expect(document.errors?.map((error) => error.field).sort()).toEqual(['model', 'tokens', 'tokns']);
    const broken = await problem(await ask('/admin/runs', { method: 'POST', headers, body: '{' }));
    expect(broken.detail).toContain('not valid JSON');
    const list = await problem(await ask('/admin/runs', { method: 'POST', headers, body: '[]' }));
    expect(list.detail).toContain('JSON object');
    const form = await problem(await ask('/admin/runs', { method: 'POST', headers: { 'x-api-key': adminKey }, body: 'model=m' }));
    expect(form).toMatchObject({ status: 422, code: 'unsupported' });
    const long = await problem(await ask('/admin/runs', { method: 'POST', headers, body: JSON.stringify({ model: 'x'.repeat(70_000) }) }));
    expect(long.status).toBe(413);
  });

  test('a method that a path does not take is 405 with what it takes', async () => {
    const response = await ask('/models', { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(response.headers.get('content-type')).toBe(PROBLEM_MEDIA_TYPE);
  });

  test('a fault of ours is logged in full and told without its text; a database that is away is 503', async () => {
    const failing = (error: Error) => ({ ...server, pool: { query: () => Promise.reject(error) } }) as unknown as typeof server;
    const request = () => new Request(`${SITE}/api/v1/latents/m/layers.2/1`);
    const before = server.lines.length;
    const internal = await problem(await handleRest(failing(new Error('secret table name')), request()));
    expect(internal).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(internal)).not.toContain('secret');
    expect(server.lines.slice(before).join()).toContain('secret table name');
    const away = await problem(await handleRest(failing(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })), request()));
    expect(away).toMatchObject({ status: 503, code: 'database_unavailable' });
    const trpc = await handleTrpc(
      failing(new Error('secret table name')),
      new Request(`${SITE}/api/trpc/models.get?input=${encodeURIComponent('{"model":"m"}')}`),
    );
    expect(trpc.status).toBe(500);
    expect(await trpc.text()).not.toContain('secret');
  });
});

test('pages of latents follow their cursors to the end', async () => {
  const seen: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const response = await ask(`/coders/m/layers.2/latents?sort=score&order=desc&limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`);
    const page = z.object({ latents: z.array(z.object({ index: z.number() })), nextCursor: z.string().nullable() }).parse(await response.json());
    seen.push(...page.latents.map((latent) => latent.index));
    cursor = page.nextCursor;
  }
  expect(seen.sort((a, b) => a - b)).toEqual(coder.latents.map((latent) => latent.index));
});

test('an answer that did not change is 304, without a body; HEAD has none either', async () => {
  const first = await ask(`/latents/m/layers.2/${shown}`);
  const etag = first.headers.get('etag')!;
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  const second = await ask(`/latents/m/layers.2/${shown}`, { headers: { 'if-none-match': `"other", W/${etag}` } });
  expect([second.status, await second.text()]).toEqual([304, '']);
  const head = await ask(`/latents/m/layers.2/${shown}`, { method: 'HEAD' });
  expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
  expect(first.headers.get('cache-control')).toBe('public, no-cache');
  expect((await ask('/models', { headers: { 'x-api-key': adminKey } })).headers.get('cache-control')).toBe('private, no-cache');
});

test('any site may read, none may write with a visitor’s credentials', async () => {
  const read = await ask('/models', { headers: { origin: 'https://elsewhere.example' } });
  expect(read.headers.get('access-control-allow-origin')).toBe('*');
  expect(read.headers.get('access-control-allow-credentials')).toBeNull();
  const refused = await ask('/models/nope', { headers: { origin: 'https://elsewhere.example' } });
  expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  const preflight = await ask('/models', { method: 'OPTIONS' });
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'GET, HEAD, OPTIONS']);
});

test('a configuration’s paths and a failure’s text are not for everybody', async () => {
  const { runs } = z.object({ runs: z.array(z.record(z.string(), z.unknown())) }).parse(await (await ask('/runs')).json());
  expect(runs).toHaveLength(1);
  expect(runs[0]).not.toHaveProperty('config');
  expect(runs[0]).not.toHaveProperty('failure');
  const own = await (await ask('/admin/runs', { headers: { 'x-api-key': adminKey } })).json();
  expect(own).toMatchObject({ runs: [{ config: { model: 'm' }, failure: null }] });
});

describe('the OpenAPI document', () => {
  let document: OpenApiDocument;

  beforeAll(() => {
    document = JSON.parse(JSON.stringify(openApiDocument('https://atlas.example', '1.2.3'))) as OpenApiDocument;
  });

  function operations() {
    return Object.entries(document.paths ?? {}).flatMap(([path, item]) => {
      const methods = item as Partial<Record<'get' | 'post', z.infer<typeof operationSchema>>>;
      return (['get', 'post'] as const).flatMap((method) =>
        methods[method] === undefined ? [] : [{ path, method, operation: operationSchema.parse(methods[method]) }],
      );
    });
  }
  const mediaSchema = z.object({ schema: z.record(z.string(), z.unknown()) });
  const operationSchema = z.object({
    operationId: z.string().min(1),
    summary: z.string().min(1),
    tags: z.array(z.string()).min(1),
    parameters: z
      .array(z.object({ in: z.enum(['path', 'query']), name: z.string(), required: z.boolean().optional(), schema: z.record(z.string(), z.unknown()) }))
      .default([]),
    requestBody: z.object({ content: z.object({ 'application/json': mediaSchema }) }).optional(),
    responses: z.record(z.string(), z.object({ description: z.string().min(1), content: z.record(z.string(), mediaSchema) })),
    security: z.array(z.record(z.string(), z.array(z.string()))).min(1),
  });

  test('is a 3.1 document whose operations are whole and named once', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'Latent Atlas', version: '1.2.3' });
    expect(document.servers).toEqual([{ url: 'https://atlas.example/api/v1' }]);
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(ids.length).toBeGreaterThan(15);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(declared.map((parameter) => parameter.name).sort(), path).toEqual(inPath.sort());
      for (const parameter of declared) expect(parameter.required, path).toBe(true);
      expect(new Set(operation.parameters.map((parameter) => parameter.name)).size, path).toBe(operation.parameters.length);
      expect(Object.keys(operation.responses), path).toEqual(expect.arrayContaining(['200', '400', '401', 'default']));
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(Object.keys(response.content), path).toEqual([status === '200' ? 'application/json' : PROBLEM_MEDIA_TYPE]);
      }
    }
  });

  test('has no reference that leads nowhere, and schemes for all it requires', () => {
    const references: string[] = [];
    JSON.stringify(document, (key, value: unknown) => {
      if (key === '$ref' && typeof value === 'string') references.push(value);
      return value;
    });
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      expect(reference).toMatch(/^#\//);
      const target = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], document);
      expect(target, reference).toBeTypeOf('object');
    }
    const schemes = Object.keys(document.components?.securitySchemes ?? {});
    for (const { operation } of operations())
      for (const requirement of operation.security) for (const name of Object.keys(requirement)) expect(schemes).toContain(name);
  });

  test('says that reading needs no key, and that administration and entering an explanation do', () => {
    for (const { path, method, operation } of operations()) {
      const guarded = path.startsWith('/admin/') || path.endsWith('/entered-explanations') || method !== 'get';
      expect(
        operation.security.some((requirement) => Object.keys(requirement).length === 0),
        path,
      ).toBe(!guarded);
      expect('403' in operation.responses, path).toBe(guarded);
    }
  });

  test('every answer is what the document says it is', async () => {
    const values: Record<string, string> = { model: 'm', coder: 'layers.2', index: String(shown), score, run: coder.runId };
    let checked = 0;
    for (const { path, method, operation } of operations()) {
      if (method !== 'get') continue;
      const response = await ask(
        path.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!),
        { headers: { 'x-api-key': adminKey } },
      );
      expect(response.status, path).toBe(200);
      const schema = z.fromJSONSchema({ ...operation.responses['200']!.content['application/json']!.schema, components: document.components });
      const answer: unknown = await response.json();
      expect(schema.safeParse(answer).error, path).toBeUndefined();
      checked += 1;
    }
    expect(checked).toBeGreaterThan(14);
    const problemJson = document.components?.schemas?.Problem as Parameters<typeof z.fromJSONSchema>[0];
    expect(z.fromJSONSchema(problemJson).safeParse(await (await ask('/models/nope')).json()).error).toBeUndefined();
    expect(z.fromJSONSchema(problemJson).safeParse({ title: 'no' }).success).toBe(false);
  });
});
