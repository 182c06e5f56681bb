import { describe, expect, it } from 'vitest';
import { apiReference } from './operations.ts';
import { outline } from './outline.ts';

describe('outline', () => {
  it('reads like a type', () => {
    expect(outline({ type: 'integer', minimum: 1, maximum: 200 })).toBe('integer 1 to 200');
    expect(outline({ type: 'integer', minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1 })).toBe('integer');
    expect(outline({ type: ['string', 'null'] })).toBe('string | null');
    expect(outline({ type: 'array', items: { enum: ['a', 'b'] } })).toBe('("a" | "b")[]');
    expect(outline({ anyOf: [{ const: 'all' }, { type: 'null' }] })).toBe('"all" | null');
    expect(outline({ type: 'object', additionalProperties: {} })).toBe('{ [name]: any }');
    expect(
      outline({
        type: 'object',
        required: ['a'],
        properties: {
          a: { type: 'array', items: { type: 'object', required: ['b'], properties: { b: { type: 'number' } } } },
          c: { type: 'string', description: 'why' },
        },
      }),
    ).toBe('{\n  a: {\n    b: number\n  }[]\n  c?: string  // why\n}');
  });
});

describe('apiReference', () => {
  const answer = {
    200: { description: 'ok', content: { 'application/json': { schema: { type: 'object' } } } },
    404: { description: 'gone' },
    default: { description: 'other' },
  };
  const document = {
    info: { title: 'T', version: '1', description: 'D' },
    servers: [{ url: 'http://localhost/api/v1' }],
    tags: [{ name: 'B' }, { name: 'A' }],
    paths: {
      '/x/{id}': {
        get: {
          operationId: 'x-get',
          summary: 'S',
          tags: ['A'],
          security: [{}, { apiKey: [] }],
          parameters: [{ in: 'path', name: 'id', required: true, schema: { type: 'string', description: 'which' } }],
          responses: answer,
        },
      },
      '/y': {
        post: {
          operationId: 'y',
          tags: ['B'],
          security: [{ apiKey: [] }],
          requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
          responses: answer,
        },
      },
    },
  };

  it('groups operations in the order of the tags, and says which need a key', () => {
    const reference = apiReference(document);
    expect(reference.groups.map(({ name, operations }) => [name, ...operations.map(({ method, path, open }) => `${method} ${path} ${open}`)])).toEqual([
      ['B', 'POST /y false'],
      ['A', 'GET /x/{id} true'],
    ]);
    expect(reference.groups[1]?.operations[0]).toMatchObject({
      parameters: [{ name: 'id', required: true, description: 'which' }],
      refusals: [{ status: '404', description: 'gone' }],
      body: null,
    });
  });

  it('refuses what is no OpenAPI document', () => {
    expect(() => apiReference({ paths: {} })).toThrow();
  });
});
