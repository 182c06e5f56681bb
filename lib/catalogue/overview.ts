import { z } from 'zod';
import { exampleSchema } from '#lib/example/schema.ts';
import { latentRowSchema } from './schema.ts';

/** A latent worth showing on the home page, with the window that fires it most. */
export const featuredLatentSchema = latentRowSchema.extend({ example: exampleSchema.nullable() });
export type FeaturedLatent = z.infer<typeof featuredLatentSchema>;

/** What the whole catalogue holds; counted at most every few seconds. */
export const catalogueOverviewSchema = z.object({
  models: z.number().int(),
  coders: z.number().int(),
  latents: z.number().int(),
  explained: z.number().int(),
  scored: z.number().int(),
  /** What search can find by now; null while the index does not answer. */
  indexed: z.number().int().nullable(),
  explanations: z.number().int(),
  scores: z.number().int(),
  /** Tokens read, each text once a run. */
  tokens: z.number().int(),
  featured: z.array(featuredLatentSchema),
});
export type CatalogueOverview = z.infer<typeof catalogueOverviewSchema>;

/** Where one latent lives. */
export const latentPlaceSchema = z.object({ model: z.string(), coder: z.string(), index: z.number().int() });
export type LatentPlace = z.infer<typeof latentPlaceSchema>;
