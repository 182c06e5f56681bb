import type { z } from 'zod';
import { runSummarySchema } from './schema.ts';

/** What anybody may know of a run: not its configuration's paths, nor the text of its failure. */
export const publicRunSchema = runSummarySchema.omit({ config: true, failure: true });
export type PublicRun = z.infer<typeof publicRunSchema>;
