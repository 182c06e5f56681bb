import { expect, test } from 'vitest';
import { z } from 'zod';
import type { ProcedureFacts } from './procedures.ts';
import { matchRoute, readQuery, restRoutes } from './rest-routes.ts';

const procedure = (method: 'GET' | 'POST', path: `/${string}`, input: z.ZodType): ProcedureFacts => ({
  _def: { meta: { action: 'catalogue.read', openapi: { method, path } }, inputs: [input], type: method === 'GET' ? 'query' : 'mutation' },
});
const routes = restRoutes({
  'latents.get': procedure('GET', '/latents/{model}/{index}', z.object({ model: z.string(), index: z.coerce.number() })),
  'search.query': procedure(
    'GET',
    '/search',
    z.object({ q: z.string().default(''), layer: z.array(z.coerce.number()).default([]), method: z.array(z.string()).optional() }),
  ),
  'runs.start': procedure('POST', '/search', z.object({})),
  hidden: { _def: { meta: { action: 'catalogue.read' }, inputs: [], type: 'query' } },
});

function match(method: string, path: string) {
  const found = matchRoute(routes, method, path);
  return found === null || 'allow' in found ? found : { procedure: found.route.procedure, params: found.params };
}

test('finds the procedure of a path, its parameters decoded', () => {
  expect(match('GET', '/latents/a%2Fb%20c/7')).toEqual({ procedure: 'latents.get', params: { model: 'a/b c', index: '7' } });
  expect(match('HEAD', '/search')).toEqual({ procedure: 'search.query', params: {} });
  expect(match('POST', '/search')).toEqual({ procedure: 'runs.start', params: {} });
  expect(match('GET', '/latents/a/b/7')).toBeNull();
  expect(match('DELETE', '/search')).toEqual({ allow: ['GET', 'HEAD', 'POST'] });
  expect(() => match('GET', '/latents/%E0%A4%A/7')).toThrow('model');
});

function read(text: string) {
  const found = matchRoute(routes, 'GET', '/search');
  if (found === null || 'allow' in found) throw new Error('no route');
  return readQuery(found.route, found.params, new URLSearchParams(text));
}

test('reads lists from repeated names, one value included', () => {
  expect(read('q=law&layer=2&layer=3&method=llm')).toEqual({ q: 'law', layer: ['2', '3'], method: ['llm'] });
});

test('refuses by name what the procedure does not know, and what comes twice', () => {
  expect(() => read('q=law&layr=2')).toThrow('“layr” is not a parameter of this; it takes q, layer, method.');
  expect(() => read('q=a&q=b')).toThrow('“q” may be given once only.');
});
