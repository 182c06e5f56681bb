import { z } from 'zod';
import { type JsonSchema, jsonSchemaSchema } from './outline.ts';

const contentSchema = z.record(z.string(), z.object({ schema: jsonSchemaSchema.optional() }));

const operationSchema = z.object({
  operationId: z.string(),
  summary: z.string().default(''),
  description: z.string().default(''),
  tags: z.array(z.string()).default([]),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  parameters: z
    .array(z.object({ in: z.string(), name: z.string(), required: z.boolean().default(false), description: z.string().optional(), schema: jsonSchemaSchema }))
    .default([]),
  requestBody: z.object({ content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: contentSchema.optional() })),
});

const documentSchema = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string().default('') }),
  servers: z.array(z.object({ url: z.string() })).min(1),
  tags: z.array(z.object({ name: z.string() })).default([]),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});

/** One thing the API can do, as its page shows it. */
export interface ApiOperation {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  /** Whether it answers without a key. */
  open: boolean;
  parameters: { name: string; in: string; required: boolean; description: string; schema: JsonSchema }[];
  body: JsonSchema | null;
  answer: JsonSchema | null;
  refusals: { status: string; description: string }[];
}

export interface ApiReference {
  title: string;
  version: string;
  description: string;
  base: string;
  groups: { name: string; operations: ApiOperation[] }[];
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Reads an OpenAPI 3.1 document into what its page shows, in the order of its tags. Throws a ZodError for anything else. */
export function apiReference(document: unknown): ApiReference {
  const { info, servers, tags, paths } = documentSchema.parse(document);
  const all = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] === undefined ? [] : [read(method, path, item[method])])),
  );
  const names = [...new Set([...tags.map((tag) => tag.name), ...all.map(({ tag }) => tag)])];
  const groups = names.map((name) => ({ name, operations: all.filter(({ tag }) => tag === name).map(({ operation }) => operation) }));
  return {
    title: info.title,
    version: info.version,
    description: info.description,
    base: servers[0]?.url ?? '',
    groups: groups.filter((group) => group.operations.length > 0),
  };
}

function read(method: string, path: string, value: unknown): { tag: string; operation: ApiOperation } {
  const one = operationSchema.parse(value);
  const json = (content: z.infer<typeof contentSchema> | undefined): JsonSchema | null => content?.['application/json']?.schema ?? null;
  return {
    tag: one.tags[0] ?? 'Other',
    operation: {
      id: one.operationId,
      method: method.toUpperCase(),
      path,
      summary: one.summary,
      description: one.description,
      open: one.security.length === 0 || one.security.some((way) => Object.keys(way).length === 0),
      parameters: one.parameters.map(({ description, ...parameter }) => ({ ...parameter, description: description ?? parameter.schema.description ?? '' })),
      body: json(one.requestBody?.content),
      answer: json(one.responses['200']?.content),
      refusals: Object.entries(one.responses)
        .filter(([status]) => /^[45]/.test(status))
        .map(([status, { description }]) => ({ status, description })),
    },
  };
}
