import type { Pool } from 'pg';
import { sampleRecordSchema } from '#lib/example/sample-record.ts';
import type { LatentDetail } from '#lib/catalogue/schema.ts';
import { type BlobRow, takenDown, visibleExamples } from './examples.ts';
import { attemptsOf, explanationsOf } from './explanations.ts';
import { findCoder, noLatent } from './find.ts';
import { shownProfile } from './latent-profile.ts';

interface DetailRow {
  status: LatentDetail['status'];
  frequency: number;
  max_activation: number;
  mean_activation: number;
  firing_count: string;
  token_count: string;
  histogram: number[];
  profile: unknown;
  train_windows: number;
  test_windows: number;
  train_documents: number;
  test_documents: number;
  run_id: string;
  text_slug: string | null;
  text_name: string | null;
  text_license: string | null;
  previous: number | null;
  next: number | null;
  blob: Buffer | null;
  text_source_id: string | null;
  document_keys: string[] | null;
  record: unknown;
}

/**
 * Everything a latent's page shows: statistics and profile, its explanations with their scores, its examples by quantile and its
 * negatives, without windows of documents that were taken down, and its neighbours in the list.
 * Throws AppError `not_found` for an unknown model, coder or index.
 */
export async function getLatent(pool: Pool, model: string, coder: string, index: number): Promise<LatentDetail> {
  const place = await findCoder(pool, model, coder);
  const [found, { explanations, scores, withheld }] = await Promise.all([
    pool.query<DetailRow>(
      `select l.status, l.frequency, l.max_activation, l.mean_activation, l.firing_count, l.token_count, l.histogram, p.profile,
         l.train_windows, l.test_windows, l.train_documents, l.test_documents, l.run_id,
         t.slug as text_slug, t.name as text_name, t.license as text_license,
         (select p.index from latents p where p.coder_id = l.coder_id and p.index < l.index order by p.index desc limit 1) as previous,
         (select n.index from latents n where n.coder_id = l.coder_id and n.index > l.index order by n.index limit 1) as next,
         e.blob, e.text_source_id, e.document_keys, e.record
       from latents l
       left join runs r on r.id = l.run_id
       left join latent_profiles p on p.coder_id = l.coder_id and p.latent_index = l.index and p.profile_key = r.results->>'profileKey'
       left join text_sources t on t.id = r.text_source_id
       left join example_blobs e on e.coder_id = l.coder_id and e.latent_index = l.index and e.sample_key = l.sample_key
       where l.coder_id = $1 and l.index = $2`,
      [place.coderId, index],
    ),
    explanationsOf(pool, place.coderId, index),
  ]);
  const [row] = found.rows;
  if (row === undefined) throw noLatent(place, index);
  const blob = toBlob(row);
  const { examples, suppressed } = blob === null ? { examples: [], suppressed: [] } : visibleExamples(blob, await takenDown(pool, [blob]));
  return {
    id: `${model}@${coder}:${index}`,
    model,
    coder,
    index,
    status: row.status,
    frequency: row.frequency,
    maxActivation: row.max_activation,
    meanActivation: row.mean_activation,
    firingCount: Number(row.firing_count),
    tokenCount: Number(row.token_count),
    histogram: row.histogram,
    profile: await shownProfile(pool, place.coderId, row.profile),
    trainWindows: row.train_windows,
    testWindows: row.test_windows,
    trainDocuments: row.train_documents,
    testDocuments: row.test_documents,
    hookpoints: place.hookpoints,
    text: row.text_slug === null ? null : { slug: row.text_slug, name: row.text_name ?? row.text_slug, license: row.text_license ?? '' },
    runId: row.run_id,
    explanations,
    scores,
    attempts: await attemptsOf(pool, { coderId: place.coderId, index, runId: row.run_id }),
    withheldExplanations: withheld,
    examples,
    suppressedExamples: suppressed.length,
    sample: row.record === null ? null : sampleRecordSchema.parse(row.record),
    previous: row.previous,
    next: row.next,
  };
}

function toBlob(row: DetailRow): BlobRow | null {
  if (row.blob === null || row.text_source_id === null) return null;
  return { blob: row.blob, text_source_id: row.text_source_id, document_keys: row.document_keys ?? [] };
}
