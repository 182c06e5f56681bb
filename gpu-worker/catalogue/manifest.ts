import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { slugSchema } from '#lib/catalogue/schema.ts';
import { runConfigSchema } from '#lib/run/schema.ts';

const card = { slug: slugSchema, name: z.string(), location: z.string(), license: z.string().default(''), description: z.string().default('') };

/** What is bundled: models with their coders, texts, and the run that fills an empty catalogue. */
export const manifestSchema = z.strictObject({
  models: z.array(
    z.strictObject({
      ...card,
      coders: z.array(z.strictObject({ slug: slugSchema, name: z.string(), location: z.string(), description: z.string().default('') })),
    }),
  ),
  texts: z.array(z.strictObject(card)),
  demo: runConfigSchema,
});
export type Manifest = z.infer<typeof manifestSchema>;

export async function readManifest(file: string): Promise<Manifest> {
  return manifestSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}
