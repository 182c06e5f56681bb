import { z } from 'zod';

/** Random silent windows a latent: with none of them taken for firing, at most 4 in 1,000 are. */
export const SILENT_WINDOWS = 1000;

/** Latents of a run, drawn by its seed, whose precision it measures by itself where that is free. */
export const PRECISION_LATENTS = 20;

/** Judges whose yes has a precision: a language model says it, of the embedding it is being among the nearest. */
export const PRECISION_SCORERS = ['detection', 'embedding'] as const;
export const precisionScorerSchema = z.enum(PRECISION_SCORERS);
export type PrecisionScorer = z.infer<typeof precisionScorerSchema>;

const shareSchema = z.object({ value: z.number(), lower: z.number(), upper: z.number() });

/** How an explanation's judge would do where windows come as they come, and not one half firing. */
export const precisionFiguresSchema = z.object({
  rate: z.number().describe('Share of the windows of the exam’s documents in which the latent fires'),
  precision: shareSchema
    .nullable()
    .describe('Share of the windows with a yes in which it fires, at that rate, with its 95 % interval; null where it cannot be said'),
  firing: shareSchema.nullable().describe('Share of the firing windows that got a yes'),
  falseAlarms: shareSchema.nullable().describe('Share of the silent windows that got a yes'),
  cut: z
    .number()
    .nullable()
    .describe('Of the embedding: the similarity from which it is a yes, chosen so that it is said as often as the latent fires; else null'),
  nFiring: z.number().int().describe('Firing windows that were judged'),
  nSilent: z.number().int().describe('Random silent windows that were judged'),
  nFailed: z.number().int(),
});
export type PrecisionFigures = z.infer<typeof precisionFiguresSchema>;

/** A measurement of one explanation, as shown. */
export const precisionViewSchema = precisionFiguresSchema.extend({
  scorer: precisionScorerSchema,
  runId: z.string(),
  createdAt: z.iso.datetime(),
});
export type PrecisionView = z.infer<typeof precisionViewSchema>;

const spreadSchema = z.object({ median: z.number(), lower: z.number(), upper: z.number(), q1: z.number(), q3: z.number() });

/** One way of explaining under one judge, over a sample of latents. */
export const precisionLineSchema = z.object({
  method: z.string(),
  scorer: precisionScorerSchema,
  latents: z.number().int().describe('Latents that were measured'),
  withValue: z.number().int().describe('… of which a precision could be said'),
  precision: spreadSchema.nullable().describe('Median over latents with its distribution-free 95 % interval, and the quartiles'),
  firing: spreadSchema.nullable(),
  medianRate: z.number().describe('Median share of windows in which they fire'),
  nFiring: z.number().int().describe('Windows in all'),
  nSilent: z.number().int(),
  nFailed: z.number().int(),
});
export type PrecisionLine = z.infer<typeof precisionLineSchema>;
