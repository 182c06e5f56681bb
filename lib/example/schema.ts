import { z } from 'zod';
import { NEGATIVE_CLASSES } from './protocol.ts';

/** Which documents a window came from, and so what it may be used for. */
export const splitSchema = z.enum(['train', 'test', 'reserve']);
export type Split = z.infer<typeof splitSchema>;

/** A window with one latent's activations, ready to show: no tokenizer needed. */
export const exampleSchema = z.object({
  /** Row of the run's data set, first token's position in it; together the window's id. */
  row: z.number().int(),
  start: z.number().int(),
  split: splitSchema,
  /** `activating`, or the class of a negative. */
  kind: z.enum(['activating', ...NEGATIVE_CLASSES]),
  /** 0 is the strongest tenth; null for negatives. */
  quantile: z.number().int().nullable(),
  /** The document's key within its text source, and a title to show. */
  document: z.string(),
  tokens: z.array(z.string()),
  /** Activation per token, 0 where silent; the same length as `tokens`. */
  activations: z.array(z.number()),
  maxActivation: z.number(),
  /** Index of the strongest token; null for negatives. */
  maxIndex: z.number().int().nullable(),
});
export type Example = z.infer<typeof exampleSchema>;
