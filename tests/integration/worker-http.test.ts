import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorkerHttp } from '#gpu-worker/http/worker-http.ts';
import { float32ToText } from '#lib/bytes/float32-text.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { MAX_BODY } from '#lib/worker-api/schema.ts';
import { openOpenAiEmbedder } from '#platform/embedder/openai-embedder.ts';
import { createWorkerEmbedder } from '#platform/embedder/worker-embedder.ts';
import { createWorkerVectorScan } from '#platform/search/worker-vector-scan.ts';
import { createWorkerClient } from '#platform/worker/worker-client.ts';

const SECRET = 'a-secret-that-is-long-enough-for-a-worker';
const asked: { texts: string[][]; nearest: unknown[][] } = { texts: [], nearest: [] };
const errors: unknown[] = [];
const http = createWorkerHttp({
  embedder: () =>
    Promise.resolve({
      id: 'letters@1',
      dimensions: 2,
      embed: (texts) => {
        asked.texts.push([...texts]);
        if (texts.includes('boom')) return Promise.reject(new Error('an inner detail'));
        return Promise.resolve(Float32Array.from(texts.flatMap((text) => [text.length, 0.5])));
      },
    }),
  vectorIndex: {
    nearest: (vector, k, coderIds) => {
      asked.nearest.push([vector, k, coderIds]);
      if (vector.length !== 2) return Promise.reject(new AppError('shape_mismatch', 'The index holds vectors of 2 numbers.'));
      return Promise.resolve([{ id: '7', similarity: 0.25 }]);
    },
  },
  estimate: () => Promise.reject(new AppError('not_found', 'The coder is not registered here.')),
  secret: SECRET,
  status: () => ({ vectors: 3 }),
  onError: (error) => errors.push(error),
});
let url: string;

beforeAll(async () => {
  url = `http://127.0.0.1:${(await http.listen('127.0.0.1', 0)).port}`;
});
afterAll(() => http.close());

const call = (path: string, init: RequestInit = {}, secret: string | null = SECRET): Promise<Response> =>
  fetch(new URL(path, url), { ...init, headers: { ...(secret === null ? {} : { authorization: `Bearer ${secret}` }) } });
const post = (path: string, body: unknown): Promise<Response> => call(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('the worker’s HTTP API', () => {
  test('answers its health to anybody, and nothing more', async () => {
    const response = await call('/healthz', {}, null);
    expect(await response.json()).toEqual({ status: 'ok' });
    for (const path of ['/status', '/embed', '/nowhere']) {
      for (const secret of [null, '', 'wrong', `${SECRET}x`, SECRET.slice(1)]) {
        const refused = await call(path, {}, secret);
        expect(refused.status).toBe(401);
        expect(refused.headers.get('content-type')).toBe('application/problem+json');
        expect(await refused.json()).toMatchObject({ type: 'urn:latent-atlas:problem:unauthorised', status: 401, code: 'unauthorised', instance: path });
      }
    }
    expect(await (await call('/status')).json()).toEqual({ vectors: 3 });
  });

  test('refuses what does not fit, naming the field', async () => {
    const vector = float32ToText(Float32Array.of(1, 0));
    const bad: [string, unknown, string][] = [
      ['/embed', { texts: [] }, 'texts'],
      ['/embed', { texts: ['a'.repeat(8_001)] }, 'texts.0'],
      ['/embed', { texts: Array.from({ length: 257 }, () => 'a') }, 'texts'],
      ['/embed', { texts: ['a'], surplus: 1 }, 'surplus'],
      ['/embed', 'no JSON', 'not JSON'],
      ['/nearest', { vector: 'no base64', k: 1, coderIds: null }, 'vector'],
      ['/nearest', { vector: float32ToText(Float32Array.of(NaN)), k: 1, coderIds: null }, 'vector'],
      ['/nearest', { vector, k: 0, coderIds: null }, 'k'],
      ['/nearest', { vector, k: 10_001, coderIds: null }, 'k'],
      ['/nearest', { vector, k: 1, coderIds: ["1'; --"] }, 'coderIds.0'],
    ];
    for (const [path, body, field] of bad) {
      const response = await post(path, body);
      expect(response.status, field).toBe(400);
      expect(((await response.json()) as { detail: string }).detail).toContain(field);
    }
    expect((await post('/embed', 'x'.repeat(MAX_BODY + 1))).status).toBe(413);
    expect((await post('/nowhere', {})).status).toBe(404);
  });

  test('tells nothing of a failure inside; its log is told all', async () => {
    const response = await post('/embed', { texts: ['boom'] });
    expect(response.status).toBe(500);
    expect(JSON.stringify(await response.json())).not.toContain('inner detail');
    expect(errors.at(-1)).toMatchObject({ message: 'an inner detail' });
  });

  test('says that a port is taken', async () => {
    const second = createWorkerHttp({
      embedder: () => Promise.reject(new Error('unused')),
      vectorIndex: { nearest: () => Promise.resolve([]) },
      estimate: () => Promise.reject(new Error('nothing is estimated here')),
      secret: SECRET,
      status: () => null,
      onError: () => {},
    });
    await expect(second.listen('127.0.0.1', Number(new URL(url).port))).rejects.toMatchObject({ code: 'conflict' });
    await second.close();
  });
});

describe('its clients', () => {
  test('embed in batches, and know the embedder after the first answer', async () => {
    const embedder = createWorkerEmbedder(createWorkerClient({ url, secret: SECRET }));
    expect(() => embedder.dimensions).toThrow('has not said');
    const texts = Array.from({ length: 300 }, (_, i) => 'x'.repeat(i % 50));
    const vectors = await embedder.embed(texts);
    expect(vectors).toEqual(texts.map((text) => Float32Array.of(text.length, 0.5)));
    expect(asked.texts.slice(-2).map((batch) => batch.length)).toEqual([256, 44]);
    expect([embedder.id, embedder.dimensions]).toEqual(['letters@1', 2]);
    expect(await embedder.embed([])).toEqual([]);
  });

  test('scan with the numbers they were given', async () => {
    const scan = createWorkerVectorScan(createWorkerClient({ url, secret: SECRET }), { timeoutMs: 2000 });
    expect(await scan.nearest(Float32Array.of(0.1, -3), 5, ['1', '22'])).toEqual([{ id: '7', similarity: 0.25 }]);
    expect(asked.nearest.at(-1)).toEqual([Float32Array.of(0.1, -3), 5, ['1', '22']]);
    await expect(scan.nearest(Float32Array.of(1), 5, null)).rejects.toMatchObject({ code: 'shape_mismatch' });
  });

  test('say what is wrong: wrong secret, nobody there, too slow, not ours', async () => {
    const embed = (at: string, secret = SECRET): Promise<unknown> =>
      createWorkerEmbedder(createWorkerClient({ url: at, secret })).embed(['a'], { timeoutMs: 200 });
    await expect(embed(url, 'wrong')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(embed('http://127.0.0.1:1')).rejects.toMatchObject({ code: 'worker_unavailable', retryable: true });
    const silent = await serve(() => {});
    await expect(embed(silent.url)).rejects.toMatchObject({ code: 'worker_unavailable' });
    const stranger = await serve((_, respond) => respond(200, '<html>'));
    await expect(embed(stranger.url)).rejects.toMatchObject({ code: 'upstream_failed' });
    const broken = await serve((_, respond) => respond(503, ''));
    await expect(embed(broken.url)).rejects.toMatchObject({ code: 'worker_unavailable' });
    const short = await serve((_, respond) => respond(200, JSON.stringify({ embedder: 'e', dimensions: 3, vectors: float32ToText(Float32Array.of(1)) })));
    await expect(embed(short.url)).rejects.toMatchObject({ code: 'upstream_failed' });
    for (const server of [silent, stranger, broken, short]) await server.close();
  });
});

describe('an embedder behind an OpenAI-compatible endpoint', () => {
  test('answers unit vectors in the order of the texts', async () => {
    const seen: unknown[] = [];
    const server = await serve((body, respond) => {
      const request = JSON.parse(body) as { input: string[] };
      seen.push(request);
      const data = request.input.map((text, index) => ({ object: 'embedding', index, embedding: [3 * text.length, 4 * text.length] }));
      respond(200, JSON.stringify({ object: 'list', model: 'm', data: data.reverse(), usage: { prompt_tokens: 1, total_tokens: 1 } }));
    });
    const embedder = await openOpenAiEmbedder({ baseUrl: `${server.url}/v1`, apiKey: 'k', model: 'm' });
    const vectors = await embedder.embed(['a', 'bb']);
    expect(vectors).toEqual([Float32Array.of(0.6, 0.8), Float32Array.of(0.6, 0.8)]);
    expect(embedder.dimensions).toBe(2);
    expect(embedder.id).toBe(`m@${new URL(server.url).host}`);
    expect(seen.slice(1)).toEqual([{ model: 'm', input: ['a', 'bb'], encoding_format: 'float' }]);
    await server.close();
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ code: 'worker_unavailable', retryable: true });
  });

  test('says what a run would take, of a configuration that it checks first', async () => {
    const config = { model: 'm', coder: 'c' };
    expect((await post('/estimate', { ...config, tokens: 'many' })).status).toBe(400);
    const unknown = await post('/estimate', config);
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { detail: 'The coder is not registered here.' }]);
  });

  test('refuses what has no direction, too few vectors, and what the endpoint refuses', async () => {
    let answer: [number, unknown] = [200, { data: [{ index: 0, embedding: [1, 0] }] }];
    const server = await serve((_, respond) => respond(answer[0], JSON.stringify(answer[1])));
    const embedder = await openOpenAiEmbedder({ baseUrl: server.url, apiKey: null, model: 'm' });
    answer = [200, { data: [{ index: 0, embedding: [0, 0] }] }];
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ code: 'upstream_failed' });
    answer = [200, { data: [] }];
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ code: 'upstream_failed' });
    answer = [429, { error: { message: 'slow down' } }];
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ code: 'upstream_failed', retryable: true, message: expect.stringContaining('slow down') });
    await server.close();
  });
});

/** A server that does what it is told with each request. */
async function serve(answer: (body: string, respond: (status: number, text: string) => void) => void): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      answer(Buffer.concat(chunks).toString(), (status, text) => response.writeHead(status, { 'content-type': 'application/json' }).end(text)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
