import { z } from 'zod';

/** As much of JSON Schema (2020-12) as our own documents use. */
export interface JsonSchema {
  type?: string | string[] | undefined;
  description?: string | undefined;
  default?: unknown;
  enum?: unknown[] | undefined;
  const?: unknown;
  minimum?: number | undefined;
  maximum?: number | undefined;
  anyOf?: JsonSchema[] | undefined;
  items?: JsonSchema | undefined;
  properties?: Record<string, JsonSchema> | undefined;
  required?: string[] | undefined;
  additionalProperties?: boolean | JsonSchema | undefined;
}

export const jsonSchemaSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    default: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    anyOf: z.array(jsonSchemaSchema).optional(),
    items: jsonSchemaSchema.optional(),
    properties: z.record(z.string(), jsonSchemaSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), jsonSchemaSchema]).optional(),
  }),
);

/** Bounds that only say “a safe integer” or “an int4” tell a reader nothing. */
const TELLING_BOUND = 2 ** 31 - 1;

/**
 * A schema as a reader's outline: TypeScript-like, one property a line, optional ones with `?`.
 *
 * @example outline({type: 'object', properties: {n: {type: 'integer', minimum: 1}}, required: []})
 * // {
 * //   n?: integer ≥ 1
 * // }
 */
export function outline(schema: JsonSchema, indent = ''): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => outline(one, indent)).join(' | ');
  if (Array.isArray(schema.type)) return schema.type.map((type) => outline({ ...schema, type }, indent)).join(' | ');
  if (schema.type === 'array') {
    const items = outline(schema.items ?? {}, indent);
    return /[|≥≤]/.test(items) && !items.startsWith('{') ? `(${items})[]` : `${items}[]`;
  }
  if (schema.type === 'object') return objectOutline(schema, indent);
  return `${schema.type ?? 'any'}${bounds(schema)}`;
}

function objectOutline(schema: JsonSchema, indent: string): string {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return typeof schema.additionalProperties === 'object' ? `{ [name]: ${outline(schema.additionalProperties, indent)} }` : '{}';
  const lines = properties.map(([name, property]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    const comment = property.description === undefined ? '' : `  // ${property.description}`;
    return `${indent}  ${name}${optional}: ${outline(property, `${indent}  `)}${comment}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function bounds({ minimum, maximum }: JsonSchema): string {
  const low = minimum !== undefined && Math.abs(minimum) < TELLING_BOUND ? minimum : undefined;
  const high = maximum !== undefined && Math.abs(maximum) < TELLING_BOUND ? maximum : undefined;
  if (low !== undefined && high !== undefined) return ` ${low} to ${high}`;
  if (low !== undefined) return ` ≥ ${low}`;
  return high === undefined ? '' : ` ≤ ${high}`;
}
