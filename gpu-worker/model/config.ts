import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';

// Sizes no released model comes near; they only keep a config that lies from asking for absurd work.
const MAX_LAYERS = 1024;
const MAX_WIDTH = 1 << 20;
const MAX_VOCABULARY = 1 << 24;
const MAX_POSITIONS = 1 << 27;

const whole = z.number().int().positive();
/** Shared pieces of the families' config schemas. */
export const layerCount = whole.max(MAX_LAYERS);
export const width = whole.max(MAX_WIDTH);
export const vocabulary = whole.max(MAX_VOCABULARY);
export const positions = whole.max(MAX_POSITIONS);
export const positive = z.number().positive().finite();
/** A key that must be absent, null or false: an option that would change the forward pass and is not supported. */
export const unsupportedOption = z.union([z.null(), z.literal(false)], 'this option is not supported').optional();
/** Keys every family has. Quantised weights lie in tensors of other names and types. */
export const commonKeys = { tie_word_embeddings: z.boolean().optional(), quantization_config: unsupportedOption };

/**
 * Parses a config by its family's schema. Keys that the schema does not know are ignored, as many change nothing in the
 * forward pass; but one that is a single slip away from a key that is missing is taken for a misspelling. Throws
 * AppError 'invalid_config' with the key as field.
 */
export function parseConfig<T extends z.ZodObject>(schema: T, raw: Readonly<Record<string, unknown>>, where: string): z.infer<T> {
  const known = Object.keys(schema.shape);
  for (const key of Object.keys(raw)) {
    const meant = known.includes(key) ? undefined : known.find((name) => !(name in raw) && isOneSlip(key, name));
    if (meant) throw new AppError('invalid_config', `${where} has a key ${key}, which nothing reads; ${meant} is missing and probably meant.`, { field: key });
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  const value = issue?.path.reduce<unknown>((at, key) => (at !== null && typeof at === 'object' ? (at as Record<PropertyKey, unknown>)[key] : undefined), raw);
  const what = value === undefined ? 'is missing' : `is ${JSON.stringify(value)?.slice(0, 60)}, which is not supported (${issue?.message ?? 'invalid'})`;
  throw new AppError('invalid_config', `${where}: ${field} ${what}.`, { field });
}

/** Whether two words differ by one letter dropped, added, changed, or one neighbouring pair swapped. Short words never. */
function isOneSlip(a: string, b: string): boolean {
  // A leading underscore marks a private twin of a key, kept beside it on purpose.
  if (b.length < 6 || a.startsWith('_') || Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  const rest = (s: string, from: number): string => s.slice(from);
  return (
    rest(a, i + 1) === rest(b, i + 1) ||
    rest(a, i + 1) === rest(b, i) ||
    rest(a, i) === rest(b, i + 1) ||
    (a[i] === b[i + 1] && a[i + 1] === b[i] && rest(a, i + 2) === rest(b, i + 2))
  );
}
