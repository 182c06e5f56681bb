import { z } from 'zod';
import { coderProfileSchema } from '#lib/coder/profile.ts';
import { sampleRecordSchema } from '#lib/example/sample-record.ts';
import { exampleSchema } from '#lib/example/schema.ts';
import { explanationAttemptSchema, explanationMethodSchema, explanationSchema } from '#lib/explanation/schema.ts';
import { latentProfileSchema } from '#lib/latent/profile.ts';
import { takenScoreSchema } from '#lib/score/schema.ts';

/** First path segments the site uses itself; no model may be called so. */
export const RESERVED_SLUGS = ['about', 'account', 'admin', 'api', 'docs', 'healthz', 'random', 'search', 'sign-in', 'static', '_next'] as const;

export const slugSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,79}$/i, 'a slug is letters, digits, dots, dashes and underscores, 80 at most')
  .refine((slug) => !(RESERVED_SLUGS as readonly string[]).includes(slug), 'this word is reserved by the site');

export const coderSummarySchema = z.object({
  model: z.string(),
  slug: z.string(),
  name: z.string(),
  format: z.string(),
  activation: z.string(),
  width: z.number().int(),
  k: z.number().int().nullable(),
  layer: z.number().int().nullable(),
  inputHookpoints: z.array(z.string()),
  outputHookpoints: z.array(z.string()),
  description: z.string(),
  /** Latents by status; all zero before a run has looked at the coder. */
  counts: z.object({
    latents: z.number().int(),
    ready: z.number().int(),
    explained: z.number().int(),
    scored: z.number().int(),
    dead: z.number().int(),
    tooFewWindows: z.number().int(),
    tooFewDocuments: z.number().int(),
  }),
  /** Median embedding score over scored latents and the control's, each with a 95 % interval; null before any. */
  embeddingScore: z
    .object({
      median: z.number(),
      lower: z.number(),
      upper: z.number(),
      controlMedian: z.number(),
      controlLower: z.number(),
      controlUpper: z.number(),
      n: z.number().int(),
    })
    .nullable(),
  profile: coderProfileSchema.nullable().describe('What the last run that profiled the coder found of it as a whole; null before any'),
});
export type CoderSummary = z.infer<typeof coderSummarySchema>;

export const modelSummarySchema = z.object({
  slug: z.string(),
  name: z.string(),
  family: z.string(),
  layers: z.number().int(),
  width: z.number().int(),
  vocabulary: z.number().int(),
  contextLength: z.number().int(),
  parameters: z.number().int(),
  description: z.string(),
  license: z.string(),
  coders: z.number().int(),
  explainedLatents: z.number().int(),
});
export type ModelSummary = z.infer<typeof modelSummarySchema>;

export const latentStatusSchema = z.enum(['dead', 'too_few_windows', 'too_few_documents', 'ready']);

/** A row of a coder's list. */
export const latentRowSchema = z.object({
  model: z.string(),
  coder: z.string(),
  index: z.number().int(),
  status: latentStatusSchema,
  frequency: z.number(),
  maxActivation: z.number(),
  firingCount: z.number().int(),
  explanation: z.string().nullable(),
  method: explanationMethodSchema.nullable(),
  score: z
    .object({
      value: z.number(),
      lower: z.number(),
      upper: z.number(),
      control: z.number().nullable(),
      nPositives: z.number().int(),
      nNegatives: z.number().int(),
    })
    .nullable(),
  failure: z.string().nullable().describe('Why the newest score has no value, in a sentence; null where it has one, or there is none'),
});
export type LatentRow = z.infer<typeof latentRowSchema>;

export const LATENT_SORTS = ['index', 'score', 'frequency', 'max_activation'] as const;

export const latentListInputSchema = z.object({
  model: z.string(),
  coder: z.string(),
  sort: z.enum(LATENT_SORTS).default('index').describe('`score` sorts by the interval’s lower bound'),
  order: z.enum(['asc', 'desc']).default('asc'),
  status: latentStatusSchema.optional(),
  minScore: z.coerce.number().min(0).max(1).optional().describe('Least lower bound of the embedding score'),
  minFrequency: z.coerce.number().min(0).max(1).optional(),
  maxFrequency: z.coerce.number().min(0).max(1).optional(),
  minActivation: z.coerce.number().min(0).optional(),
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type LatentListInput = z.infer<typeof latentListInputSchema>;

export const latentDetailSchema = latentRowSchema.omit({ explanation: true, method: true, score: true, failure: true }).extend({
  id: z.string().describe('Pasteable id: model@coder:index'),
  tokenCount: z.number().int(),
  meanActivation: z.number(),
  histogram: z.array(z.number().int()).describe('Activations in bins of equal width from 0 to the maximum'),
  profile: latentProfileSchema
    .nullable()
    .describe('What it does beyond that: tokens, direct effects on the logits, neighbours; null where its run did not look'),
  trainWindows: z.number().int(),
  testWindows: z.number().int(),
  trainDocuments: z.number().int(),
  testDocuments: z.number().int(),
  hookpoints: z.array(z.string()),
  text: z.object({ slug: z.string(), name: z.string(), license: z.string() }).nullable(),
  runId: z.string(),
  explanations: z.array(explanationSchema),
  scores: z.array(takenScoreSchema).describe('Of the latent itself and not of an explanation, newest first'),
  attempts: z.array(explanationAttemptSchema).describe('What came of each explainer that its run asked for'),
  withheldExplanations: z.number().int().describe('Explanations left out because a document that they were made from was taken down'),
  examples: z.array(exampleSchema),
  /** Windows left out because their document was taken down. */
  suppressedExamples: z.number().int(),
  sample: sampleRecordSchema.nullable().describe('How the examples were drawn: by which protocol, silent windows of which classes; null where there are none'),
  previous: z.number().int().nullable(),
  next: z.number().int().nullable(),
});
export type LatentDetail = z.infer<typeof latentDetailSchema>;
