import type { Pool } from 'pg';
import { encodeExamples, type StoredExample } from '#lib/example/blob.ts';
import { copyRows, type CopyValue } from '#platform/database/copy-rows.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { coderFileKey } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import { readDataSet, splitOf, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { openCoderFile } from '#gpu-worker/activations/store/coder-file.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { latentStatistics } from '#gpu-worker/activations/latent-statistics.ts';
import { latentExamples, type LatentExamples } from '#gpu-worker/examples/latent-examples.ts';
import { ATLAS_PROTOCOL } from '#lib/example/protocol.ts';
import { shownSpan } from '#gpu-worker/examples/shown-span.ts';
import { WindowTable } from '#gpu-worker/examples/window-table.ts';
import type { Origin } from '#gpu-worker/examples/windows.ts';
import { openTokenizer, type Tokenizer } from '#gpu-worker/model/tokenizer.ts';
import { afterCommit } from './after-commit.ts';
import { removeUnheadlined } from './headlines.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

const LATENT_COLUMNS = [
  'coder_id', 'index', 'run_id', 'status', 'firing_count', 'token_count', 'frequency', 'max_activation', 'mean_activation',
  'histogram', 'train_windows', 'test_windows', 'train_documents', 'test_documents', 'sample_key',
] as const; // prettier-ignore
const UPDATED = LATENT_COLUMNS.slice(2)
  .map((column) => `${column} = EXCLUDED.${column}`)
  .join(', ');

/** A headline made from another sample says nothing about the statistics and examples that stand here now. */
const HEADLINE_KEPT = ['headline_explanation_id', 'headline_text', 'headline_method', 'headline_score', 'headline_score_lower']
  .map((column) => `${column} = CASE WHEN latents.sample_key = EXCLUDED.sample_key THEN latents.${column} END`)
  .join(', ');

/** Statistics, evidence and exam of a batch of latents: their rows and example blobs. */
export function sampleLatents(services: WorkerServices): TaskHandler<'sample.latents'> {
  return async ({ runId, latents }, context) => {
    const run = await loadRun(services.pool, runId);
    const [dataKey, activationKey, sampleKey] = [requireFact(run, 'dataKey'), requireFact(run, 'activationKey'), requireFact(run, 'sampleKey')];
    const data = await services.cache.get(`data:${dataKey}`, () => readDataSet(services.artifacts, dataKey));
    const tokenizer = await services.cache.get(`tokenizer:${run.modelLocation}`, () => openTokenizer(run.modelLocation));
    // Rows under this very key say what would be written again, whichever run wrote them; those of dead latents have none.
    const standing = new Set(await standingLatents(services.pool, run, sampleKey, latents));
    const open = latents.filter((latent) => !standing.has(latent));
    context.progress(standing.size);
    const table = await services.cache.get(`windows-of:${dataKey}`, async () => new WindowTable(data, ATLAS_PROTOCOL.windowLength, data.tokens));
    const activations = open.length === 0 ? new Map<number, LatentActivations>() : await readEach(services, activationKey, open);

    const latentRows: CopyValue[][] = [];
    const blobRows: CopyValue[][] = [];
    for (const latent of open) {
      const own = activations.get(latent) as LatentActivations;
      const statistics = latentStatistics(own, data.tokenCount);
      const examples = latentExamples({ table, latent: own, protocol: ATLAS_PROTOCOL, seed: run.config.seed });
      latentRows.push([
        run.coderId, latent, run.id, examples.status, statistics.count, data.tokenCount, statistics.frequency, statistics.max, statistics.mean,
        statistics.histogram, examples.trainWindows, examples.testWindows, examples.trainDocuments, examples.testDocuments,
        examples.status === 'dead' ? null : sampleKey,
      ]); // prettier-ignore
      if (examples.status !== 'dead') {
        const stored = storedExamples(data, own, examples, tokenizer);
        const keys = [...new Set(stored.map(({ document }) => document))].sort();
        blobRows.push([run.coderId, latent, sampleKey, run.textSourceId, encodeExamples(stored), keys]);
      }
      context.progress(standing.size + latentRows.length);
      await yieldNow(context.signal);
    }
    await context.commit(async (client) => {
      await client.query('CREATE TEMP TABLE new_latents (LIKE latents INCLUDING DEFAULTS) ON COMMIT DROP');
      await client.query('CREATE TEMP TABLE new_blobs (LIKE example_blobs INCLUDING DEFAULTS) ON COMMIT DROP');
      await copyRows(client, 'new_latents', LATENT_COLUMNS, latentRows);
      await copyRows(client, 'new_blobs', ['coder_id', 'latent_index', 'sample_key', 'text_source_id', 'blob', 'document_keys'], blobRows);
      const columns = LATENT_COLUMNS.join(', ');
      await client.query(
        `INSERT INTO latents (${columns}) SELECT ${columns} FROM new_latents ORDER BY index
         ON CONFLICT (coder_id, index) DO UPDATE SET ${UPDATED}, ${HEADLINE_KEPT}, updated_at = now()`,
      );
      await client.query(
        `INSERT INTO example_blobs (coder_id, latent_index, sample_key, text_source_id, blob, document_keys)
         SELECT coder_id, latent_index, sample_key, text_source_id, blob, document_keys FROM new_blobs ORDER BY latent_index
         ON CONFLICT (coder_id, latent_index, sample_key) DO NOTHING`,
      );
      await client.query('UPDATE latents SET run_id = $1 WHERE coder_id = $2 AND index = ANY($3)', [String(run.id), String(run.coderId), [...standing]]);
      return { latents: latentRows.length, blobs: blobRows.length, reused: standing.size };
    });
    // What another sample said of them is not to be found while this one is worked on.
    await afterCommit(services, runId, context, (signal) => removeUnheadlined(services, run.coderId, latents, { signal }));
  };
}

/** Those of the latents that were sampled under this key already. */
async function standingLatents(pool: Pool, run: RunFacts, sampleKey: string, latents: readonly number[]): Promise<number[]> {
  const { rows } = await pool.query<{ index: number }>('SELECT index FROM latents WHERE coder_id = $1 AND sample_key = $2 AND index = ANY($3)', [
    String(run.coderId),
    sampleKey,
    latents,
  ]);
  return rows.map(({ index }) => index);
}

/** The activations of some latents, ascending. */
async function readEach(services: WorkerServices, key: string, latents: readonly number[]): Promise<Map<number, LatentActivations>> {
  const coder = await openCoderFile(services.artifacts, coderFileKey(key));
  try {
    const out = new Map<number, LatentActivations>();
    for (const latent of latents) out.set(latent, await coder.latent(latent));
    return out;
  } finally {
    await coder.close();
  }
}

function storedExamples(data: DataSet, latent: LatentActivations, examples: LatentExamples, tokenizer: Tokenizer): StoredExample[] {
  const window = (origin: Origin, kind: StoredExample['kind'], quantile: number | null): StoredExample => {
    const { row, start, end } = shownSpan(data, origin);
    const at = row * data.rowLength;
    const length = end - start;
    return {
      row,
      start,
      split: splitOf(data, row),
      kind,
      quantile,
      document: (data.documents[data.document[row] as number] as { key: string }).key,
      tokens: tokenizer.tokenStrings(data.tokens.subarray(at + start, at + end)),
      activations: new Array<number>(length).fill(0),
    };
  };
  const activating = [...examples.train, ...examples.test].map((drawn) => {
    const example = window(drawn.origin, 'activating', drawn.quantile);
    const first = example.row * data.rowLength + example.start;
    for (let i = drawn.from; i < drawn.to; i++) {
      example.activations[(latent.place[i] as number) - first] = latent.value[i] as number;
    }
    return example;
  });
  return [...activating, ...examples.negatives.map((negative) => window(negative.origin, negative.class, null))];
}
