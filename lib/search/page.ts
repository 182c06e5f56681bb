import { z } from 'zod';
import { exampleSchema } from '#lib/example/schema.ts';
import { searchHitSchema, searchResultsSchema } from './schema.ts';

/** A hit as the results page shows it: with the score's whole interval, its control and the window that fires most. */
export const searchPageHitSchema = searchHitSchema.extend({
  scoreUpper: z.number().nullable(),
  control: z.number().nullable(),
  nPositives: z.number().int().nullable(),
  nNegatives: z.number().int().nullable(),
  failure: z.string().nullable().describe('Why the newest score has no value, in a sentence; null where it has one, or there is none'),
  example: exampleSchema.nullable(),
});
export type SearchPageHit = z.infer<typeof searchPageHitSchema>;

export const searchPageSchema = searchResultsSchema.extend({ hits: z.array(searchPageHitSchema) });
export type SearchPage = z.infer<typeof searchPageSchema>;
