import { type APIRequestContext, expect } from '@playwright/test';
import { z } from 'zod';
import { type CoderSummary, coderSummarySchema, type LatentDetail, latentDetailSchema, type LatentRow, latentRowSchema } from '#lib/catalogue/schema.ts';
import { coderPath, latentPath } from '#lib/url/href.ts';
import { FIRST_RUN } from './site.ts';

const { model, coder } = FIRST_RUN;
export const CODER_PATH = coderPath(model, coder);
export const pathOf = (index: number): string => latentPath(model, coder, index);
/** A latent that no run has looked at. */
export const UNSEEN_INDEX = FIRST_RUN.latents.first;

/** What the first run put into the catalogue, as the REST API has it. */
export interface Catalogue {
  summary: CoderSummary;
  /** All latents looked at, by index. */
  rows: LatentRow[];
  /** The explained and scored ones, the best first. */
  scored: (LatentRow & { explanation: string; score: NonNullable<LatentRow['score']> })[];
  /** The page of the best one. */
  best: LatentDetail;
  /** One that could not be explained. */
  unexplained: LatentRow;
}

export async function readCatalogue(request: APIRequestContext): Promise<Catalogue> {
  const get = async <Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> => {
    const response = await request.get(`/api/v1${path}`);
    expect(response.status(), path).toBe(200);
    return schema.parse(await response.json());
  };
  const summary = await get(`/coders${CODER_PATH}`, coderSummarySchema);
  const { latents: rows } = await get(`/coders${CODER_PATH}/latents?limit=200`, z.object({ latents: z.array(latentRowSchema) }));
  const scored = rows
    .flatMap((row) => (row.explanation === null || row.score === null ? [] : [{ ...row, explanation: row.explanation, score: row.score }]))
    .sort((a, b) => b.score.lower - a.score.lower);
  const [first] = scored;
  const unexplained = rows.find((row) => row.status !== 'ready');
  if (first === undefined || unexplained === undefined) throw new Error('The first run left no explained latent, or none that could not be.');
  return { summary, rows, scored, best: await get(`/latents${pathOf(first.index)}`, latentDetailSchema), unexplained };
}
