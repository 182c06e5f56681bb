/** A stretch of an answer that a schema allows. */
export type FormPart =
  /** What stands there in any case. */
  | { kind: 'fixed'; text: string }
  /** One of some texts, two at least. */
  | { kind: 'choice'; options: readonly string[] }
  /** The inside of a JSON string: anything up to its closing quotation mark, which is not a part of it. */
  | { kind: 'string' }
  /** Any text, up to where the model ends. */
  | { kind: 'anything' };

/** More options than this are no choice. */
const MAX_OPTIONS = 128;

/** What is looked at of a JSON schema. */
interface Schema {
  const?: unknown;
  enum?: unknown[];
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: unknown;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
}

/**
 * The answers that a JSON schema of an object allows, as parts to be written one after another, without spaces, properties
 * in the schema's order. Known are objects of required properties and no others, lists of one length, constants, choices,
 * texts without bounds, booleans, and whole numbers between bounds.
 *
 * @returns null for a schema that has anything else
 */
export function answerForm(schema: Record<string, unknown>): FormPart[] | null {
  // A bare choice would have no end: one option could begin another. Nor is it an answer: those are objects.
  const parts = schema['type'] === 'object' ? partsOf(schema) : null;
  return parts && joined(parts);
}

function partsOf(schema: Schema): FormPart[] | null {
  if (schema.const !== undefined) return [fixed(JSON.stringify(schema.const))];
  if (schema.enum) return choice(schema.enum.map((value) => JSON.stringify(value)));
  switch (schema.type) {
    case 'object': {
      const entries = Object.entries(schema.properties ?? {});
      if (schema.additionalProperties !== false || entries.some(([name]) => !schema.required?.includes(name))) return null;
      const inner = entries.map(([name, value], i) => after(`${i === 0 ? '' : ','}${JSON.stringify(name)}:`, partsOf(value)));
      return enclosed('{', inner, '}');
    }
    case 'array': {
      const { items, minItems, maxItems } = schema;
      if (items === undefined || minItems === undefined || minItems !== maxItems) return null;
      return enclosed(
        '[',
        Array.from({ length: minItems }, (_, i) => after(i === 0 ? '' : ',', partsOf(items))),
        ']',
      );
    }
    case 'integer': {
      if (schema.multipleOf !== undefined) return null;
      const [from, to] = [Math.ceil(schema.minimum ?? NaN), Math.floor(schema.maximum ?? NaN)];
      return to - from < MAX_OPTIONS ? choice(Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => String(from + i))) : null;
    }
    case 'boolean':
      return choice(['true', 'false']);
    case 'string':
      return Object.keys(schema).length === 1 ? [fixed('"'), { kind: 'string' }, fixed('"')] : null;
    default:
      return null;
  }
}

const fixed = (text: string): FormPart => ({ kind: 'fixed', text });

function choice(options: readonly string[]): FormPart[] | null {
  if (options.length === 0 || options.length > MAX_OPTIONS) return null;
  return options.length === 1 ? [fixed(options[0]!)] : [{ kind: 'choice', options }];
}

const after = (text: string, parts: FormPart[] | null): FormPart[] | null => parts && [fixed(text), ...parts];

function enclosed(begin: string, inner: readonly (FormPart[] | null)[], end: string): FormPart[] | null {
  const parts = inner.filter((one) => one !== null);
  return parts.length < inner.length ? null : [fixed(begin), ...parts.flat(), fixed(end)];
}

/** Fixed texts that stand side by side as one, empty ones gone. */
function joined(parts: readonly FormPart[]): FormPart[] {
  const out: FormPart[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part.kind !== 'fixed') out.push(part);
    else if (last?.kind === 'fixed') out[out.length - 1] = fixed(last.text + part.text);
    else if (part.text !== '') out.push(part);
  }
  return out;
}
