import { z } from 'zod';
import { textToFloat32 } from '#lib/bytes/float32-text.ts';

/** Longest text that is embedded: the embedder cuts at 256 tokens, about 1,500 letters. */
const MAX_TEXT = 8_000;
/** Texts a request: a few seconds of work on two cores. */
export const MAX_TEXTS = 256;
/** Larger than any sentence embedder's vectors. */
const MAX_DIMENSIONS = 8_192;
/** Neighbours a request. */
const MAX_NEAREST = 10_000;
/** Bytes a request: MAX_TEXTS texts of MAX_TEXT letters, in the worst case of four bytes each, and their quotes. */
export const MAX_BODY = 4 * MAX_TEXT * MAX_TEXTS + 4096;

const floatsSchema = z
  .string()
  .max(Math.ceil((MAX_DIMENSIONS * 4) / 3) * 4)
  .transform((text, context) => {
    const values = textToFloat32(text);
    if (values && values.every(Number.isFinite)) return values;
    context.addIssue({ code: 'custom', message: 'must be base64 of finite little-endian float32 numbers' });
    return z.NEVER;
  });

export const embedRequestSchema = z.strictObject({ texts: z.array(z.string().max(MAX_TEXT)).min(1).max(MAX_TEXTS) });
export type EmbedRequest = z.infer<typeof embedRequestSchema>;

/** `vectors`: [texts, dimensions] row-major, as base64 of float32. */
export const embedResponseSchema = z.object({ embedder: z.string(), dimensions: z.number().int().min(1), vectors: z.string() });
export type EmbedResponse = z.infer<typeof embedResponseSchema>;

export const nearestRequestSchema = z.strictObject({
  vector: floatsSchema,
  k: z.number().int().min(1).max(MAX_NEAREST),
  coderIds: z
    .array(z.string().regex(/^\d{1,19}$/))
    .max(10_000)
    .nullable(),
});
export type NearestRequest = z.input<typeof nearestRequestSchema>;

export const nearestResponseSchema = z.object({ hits: z.array(z.object({ id: z.string(), similarity: z.number() })) });
export type NearestResponse = z.infer<typeof nearestResponseSchema>;

/** Of an RFC 9457 problem document, what a client acts on. */
export const workerProblemSchema = z.object({ code: z.string(), detail: z.string() });
