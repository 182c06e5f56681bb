import { z } from 'zod';
import { NEGATIVE_CLASSES, PROTOCOL_NAMES } from './protocol.ts';

/** How one latent's evidence and exam were drawn, kept with its examples. Every field has what older samples meant. */
export const sampleRecordSchema = z.object({
  protocol: z.enum(PROTOCOL_NAMES).default('atlas'),
  /** Silent windows drawn of each class, of as many as the protocol asks for. */
  negatives: z.partialRecord(z.enum(NEGATIVE_CLASSES), z.object({ drawn: z.number().int(), wanted: z.number().int() })).default({}),
  /** The embedder by which class `similar` was found: its own score on them would only show what it was asked for. Null: none was. */
  minedBy: z.string().nullable().default(null),
  /** Why there is no class `similar`, or `neighbour`, though the protocol asks for it; a sentence. */
  missing: z.partialRecord(z.enum(NEGATIVE_CLASSES), z.string()).default({}),
  /** Firing windows of the exam that are evidence too: none where the sides have documents of their own. */
  overlap: z.number().int().default(0),
});
export type SampleRecord = z.infer<typeof sampleRecordSchema>;
