import { z } from 'zod';

/** Schemas are few and calls many: each is turned once. */
const full = new WeakMap<z.ZodType, Record<string, unknown>>();
const loose = new WeakMap<z.ZodType, Record<string, unknown>>();

/** A schema as endpoints take it: JSON schema without the line that names its dialect. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const before = full.get(schema);
  if (before !== undefined) return before;
  const { $schema: _, ...made } = z.toJSONSchema(schema);
  full.set(schema, made);
  return made;
}

/** Bounds that Anthropic's structured outputs refuse. Answers are parsed by the whole schema whatever was asked for. */
const BOUNDS: readonly string[] = ['minItems', 'maxItems', 'minLength', 'maxLength', 'minimum', 'maximum', 'pattern'];

/** The same without bounds on lengths and sizes. */
export function looseJsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  const before = loose.get(schema);
  if (before !== undefined) return before;
  const made = withoutBounds(jsonSchemaOf(schema)) as Record<string, unknown>;
  loose.set(schema, made);
  return made;
}

function withoutBounds(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutBounds);
  if (typeof node !== 'object' || node === null) return node;
  // A property of an answer may be called like a bound; its own schema is an object then, a bound never is.
  return Object.fromEntries(
    Object.entries(node)
      .filter(([name, value]) => !BOUNDS.includes(name) || typeof value === 'object')
      .map(([name, value]) => [name, withoutBounds(value)]),
  );
}
