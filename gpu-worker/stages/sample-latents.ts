import type { Pool } from 'pg';
import { encodeExamples } from '#lib/example/blob.ts';
import { takedownKeys } from '#lib/example/document-key.ts';
import { protocolNamed } from '#lib/example/protocol.ts';
import { copyRows, type CopyValue } from '#platform/database/copy-rows.ts';
import { ofAtlas } from '#platform/database/protocols.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { latentStatistics } from '#gpu-worker/activations/latent-statistics.ts';
import { counterExamples } from '#gpu-worker/examples/latent-examples.ts';
import { afterCommit } from './after-commit.ts';
import { removeUnheadlined } from './headlines.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import { openSampleSources } from './sample-sources.ts';
import { sampleRecord, storedExamples } from './stored-sample.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

const LATENT_COLUMNS = [
  'coder_id', 'index', 'run_id', 'status', 'firing_count', 'token_count', 'frequency', 'max_activation', 'mean_activation',
  'histogram', 'train_windows', 'test_windows', 'train_documents', 'test_documents', 'sample_key',
] as const; // prettier-ignore
const BLOB_COLUMNS = ['coder_id', 'latent_index', 'sample_key', 'text_source_id', 'blob', 'document_keys', 'status', 'record'] as const;
const UPDATED = LATENT_COLUMNS.slice(2)
  .map((column) => `${column} = EXCLUDED.${column}`)
  .join(', ');

/** A headline made from another sample says nothing about the statistics and examples that stand here now. */
const HEADLINE_KEPT = ['headline_explanation_id', 'headline_text', 'headline_method', 'headline_score', 'headline_score_lower']
  .map((column) => `${column} = CASE WHEN latents.sample_key = EXCLUDED.sample_key THEN latents.${column} END`)
  .join(', ');

/**
 * Statistics, evidence and exam of a batch of latents: their rows and example blobs. A latent's row shows its newest
 * sample, but one by protocol atlas before any other's.
 */
export function sampleLatents(services: WorkerServices): TaskHandler<'sample.latents'> {
  return async ({ runId, latents }, context) => {
    const run = await loadRun(services.pool, runId);
    const protocol = protocolNamed(run.config.protocol);
    const sampleKey = requireFact(run, 'sampleKey');
    // Blobs under this very key say what would be written again, whichever run wrote them; dead latents have none.
    const standing = new Set(await standingLatents(services.pool, run, sampleKey, latents));
    const open = latents.filter((latent) => !standing.has(latent));
    context.progress(standing.size);
    const latentRows: CopyValue[][] = [];
    const blobRows: CopyValue[][] = [];
    if (open.length > 0) {
      const sources = await openSampleSources(services, run, protocol, () => yieldNow(context.signal));
      try {
        for (const latent of open) {
          const { request, examples } = await sources.draw(latent);
          const statistics = latentStatistics(request.latent, sources.data.tokenCount);
          latentRows.push([
            run.coderId, latent, run.id, examples.status, statistics.count, sources.data.tokenCount, statistics.frequency, statistics.max, statistics.mean,
            statistics.histogram, examples.trainWindows, examples.testWindows, examples.trainDocuments, examples.testDocuments,
            examples.status === 'dead' ? null : sampleKey,
          ]); // prettier-ignore
          if (examples.status !== 'dead') {
            const contrastive = counterExamples(request, examples);
            const stored = storedExamples(sources.data, request.latent, { ...examples, contrastive }, protocol, sources.tokenizer);
            const keys = [...new Set(stored.flatMap(({ document }) => takedownKeys(document)))].sort();
            const record = sampleRecord(examples, protocol, { minedBy: sources.minedBy, missing: sources.missing });
            blobRows.push([run.coderId, latent, sampleKey, run.textSourceId, encodeExamples(stored), keys, examples.status, JSON.stringify(record)]);
          }
          context.progress(standing.size + latentRows.length);
          await yieldNow(context.signal);
        }
      } finally {
        await sources.close();
      }
    }
    await context.commit(async (client) => {
      await client.query('CREATE TEMP TABLE new_latents (LIKE latents INCLUDING DEFAULTS) ON COMMIT DROP');
      await client.query('CREATE TEMP TABLE new_blobs (LIKE example_blobs INCLUDING DEFAULTS) ON COMMIT DROP');
      await copyRows(client, 'new_latents', LATENT_COLUMNS, latentRows);
      await copyRows(client, 'new_blobs', BLOB_COLUMNS, blobRows);
      const columns = LATENT_COLUMNS.join(', ');
      await client.query(
        `INSERT INTO latents (${columns}) SELECT ${columns} FROM new_latents ORDER BY index
         ON CONFLICT (coder_id, index) DO UPDATE SET ${UPDATED}, ${HEADLINE_KEPT}, updated_at = now() WHERE $1 = 'atlas' OR NOT ${ofAtlas('latents')}`,
        [protocol.name],
      );
      const blobColumns = BLOB_COLUMNS.join(', ');
      await client.query(
        `INSERT INTO example_blobs (${blobColumns}) SELECT ${blobColumns} FROM new_blobs ORDER BY latent_index
         ON CONFLICT (coder_id, latent_index, sample_key) DO NOTHING`,
      );
      await client.query('UPDATE latents SET run_id = $1 WHERE coder_id = $2 AND index = ANY($3) AND sample_key = $4', [
        String(run.id),
        String(run.coderId),
        [...standing],
        sampleKey,
      ]);
      return { latents: latentRows.length, blobs: blobRows.length, reused: standing.size };
    });
    // What another sample said of them is not to be found while this one is worked on.
    await afterCommit(services, runId, context, (signal) => removeUnheadlined(services, run.coderId, latents, { signal }));
  };
}

/**
 * Those of the latents that were sampled under this key already and whose rows show it, or show one by protocol atlas
 * that goes before it.
 */
async function standingLatents(pool: Pool, run: RunFacts, sampleKey: string, latents: readonly number[]): Promise<number[]> {
  const { rows } = await pool.query<{ index: number }>(
    `SELECT l.index FROM latents l JOIN example_blobs b ON b.coder_id = l.coder_id AND b.latent_index = l.index AND b.sample_key = $2
      WHERE l.coder_id = $1 AND l.index = ANY($3) AND (l.sample_key = $2 OR ($4 <> 'atlas' AND ${ofAtlas('l')}))`,
    [String(run.coderId), sampleKey, latents, run.config.protocol],
  );
  return rows.map(({ index }) => index);
}
