import type { z } from 'zod';

/** Query parameters as a page receives them. */
export type PageParams = Record<string, string | string[] | undefined>;

/**
 * Reads a page's query string with a schema. A form leaves empty fields in its URL and people edit URLs by hand, so an
 * empty value is absent, and a field the schema refuses is left out and named instead of breaking the page.
 *
 * @param schema an object schema whose fields are all optional or have defaults
 * @param lists names of the fields that may come several times; a single value becomes a list of one
 * @returns the parsed value, and the names of the fields that were ignored
 */
export function parseLenient<Schema extends z.ZodObject>(
  schema: Schema,
  params: PageParams,
  lists: readonly string[] = [],
): { value: z.infer<Schema>; ignored: string[] } {
  const input: Record<string, string | string[]> = {};
  for (const [name, given] of Object.entries(params)) {
    const values = (Array.isArray(given) ? given : [given]).filter((value): value is string => value !== undefined && value !== '');
    const last = values.at(-1);
    if (last !== undefined && name in schema.shape) input[name] = lists.includes(name) ? values : last;
  }
  const first = schema.safeParse(input);
  if (first.success) return { value: first.data, ignored: [] };
  const ignored = [...new Set(first.error.issues.map((issue) => String(issue.path[0])))];
  for (const name of ignored) delete input[name];
  return { value: schema.parse(input), ignored };
}
