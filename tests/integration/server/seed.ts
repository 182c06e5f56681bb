import type { Pool } from 'pg';
import { encodeExamples, type StoredExample } from '#lib/example/blob.ts';
import { rngFor } from '#lib/random/rng.ts';
import { storedVerdicts } from '#lib/score/schema.ts';
import { ensureCoderPartitions } from '#platform/database/coder-partitions.ts';

export interface SeededLatent {
  index: number;
  status: 'dead' | 'too_few_windows' | 'too_few_documents' | 'ready';
  frequency: number;
  maxActivation: number;
  /** Null: explained by nobody. */
  explanation: string | null;
  /** Null: not scored. */
  score: { value: number; lower: number; upper: number; control: number } | null;
}

export interface Seeded {
  model: string;
  coder: string;
  modelId: string;
  coderId: string;
  textSourceId: string;
  runId: string;
  latents: SeededLatent[];
}

/** Invented latents of which every second index is missing, with ties in every sort column, dead, unexplained and unscored ones. */
export function inventLatents(count: number, seed: string): SeededLatent[] {
  const rng = rngFor(seed);
  const statuses = ['ready', 'ready', 'ready', 'dead', 'too_few_windows', 'too_few_documents'] as const;
  const words = ['harbours', 'courts', 'taxes', 'treaties', 'railways', 'banks', 'wheat', 'ships', 'schools', 'armies'];
  return Array.from({ length: count }, (_, i) => {
    const status = statuses[Math.floor(rng.next() * statuses.length)]!;
    const lower = Math.floor(rng.next() * 8) / 10;
    const explained = status === 'ready' && rng.next() < 0.8;
    return {
      index: 2 * i,
      status,
      // Few different values, so that most rows tie with others; a third is 1/3, which no decimal text holds exactly.
      frequency: Math.floor(rng.next() * 4) / 3,
      maxActivation: Math.floor(rng.next() * 5) + 1 / 7,
      explanation: explained ? `The text is about ${words[i % words.length]} and ${words[(i * 7 + 3) % words.length]}.` : null,
      score: explained && rng.next() < 0.7 ? { value: lower + 0.1, lower, upper: lower + 0.2, control: 0.5 } : null,
    };
  });
}

/** A model with one coder and its latents, as a finished run leaves them. */
export async function seedCoder(pool: Pool, options: { model: string; coder: string; latents: SeededLatent[]; layer?: number }): Promise<Seeded> {
  const { model, coder, latents } = options;
  const id = async (text: string, values: unknown[]): Promise<string> => (await pool.query<{ id: string }>(text, values)).rows[0]!.id;
  const modelId = await id(
    `insert into models (slug, name, family, location, revision, layers, width, vocabulary, context_length, parameters)
     values ($1, upper($1), 'llama', 'models/x', 'r1', 4, 64, 1000, 256, 4000000) on conflict (slug) do update set name = excluded.name returning id`,
    [model],
  );
  const coderId = await id(
    `insert into sparse_coders (model_id, slug, name, location, revision, format, activation, width, k, layer, input_hookpoints, output_hookpoints)
     values ($1, $2, $2, 'models/y', 'r1', 'sparsify', 'topk', $3, 4, $4, '{layers.2}', '{layers.2}') returning id`,
    [modelId, coder, 2 * latents.length + 10, options.layer ?? 2],
  );
  const textSourceId = await id(
    `insert into text_sources (slug, name, location, revision, documents, license) values ('speeches', 'Speeches', 'npm:x', '1', 100, 'public domain')
     on conflict (slug) do update set name = excluded.name returning id`,
    [],
  );
  await ensureCoderPartitions(pool, BigInt(coderId));
  const config = {
    model,
    coder,
    text: 'speeches',
    tokens: 10_000,
    seed: 22,
    protocol: 'atlas',
    latents: 'all',
    explainers: ['lexical'],
    scorers: ['embedding'],
  };
  const runId = await id(
    `insert into runs (config, config_hash, model_id, coder_id, text_source_id, protocol, started_at, finished_at)
     values ($1, 'h', $2, $3, $4, 'atlas', now(), now()) returning id`,
    [JSON.stringify(config), modelId, coderId, textSourceId],
  );
  for (const latent of latents) await seedLatent(pool, { coderId, runId }, latent);
  return { model, coder, modelId, coderId, textSourceId, runId, latents };
}

async function seedLatent(pool: Pool, { coderId, runId }: { coderId: string; runId: string }, latent: SeededLatent): Promise<void> {
  let explanationId: string | null = null;
  if (latent.explanation !== null) {
    const explained = await pool.query<{ id: string }>(
      `insert into explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
       values ($1, $2, $3, 'lexical', 'lexical-1', $4, '{"seed": 1}', 'k1') returning id`,
      [coderId, latent.index, runId, latent.explanation],
    );
    explanationId = explained.rows[0]!.id;
  }
  if (latent.score !== null) {
    await pool.query(
      `insert into scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, control_value, control_lower, control_upper,
         n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
       values ($1, $2, $3, $4, 'embedding', 'auroc', $5, $6, $7, $8, $8, $8, 50, 50, 0, 'test', $9, '{"sampleKey": "s1"}', 'k1')`,
      [
        coderId,
        latent.index,
        explanationId,
        runId,
        latent.score.value,
        latent.score.lower,
        latent.score.upper,
        latent.score.control,
        JSON.stringify(
          storedVerdicts([
            { row: 1, start: 0, positive: true, score: 0.9, right: null },
            { row: 2, start: 32, positive: false, score: 0.2, right: null },
            { row: 9, start: 64, positive: true, score: 0.95, right: null },
          ]),
        ),
      ],
    );
  }
  await pool.query(
    `insert into latents (coder_id, index, run_id, status, firing_count, token_count, frequency, max_activation, mean_activation, histogram,
       train_windows, test_windows, train_documents, test_documents, sample_key, headline_explanation_id, headline_text, headline_method, headline_score, headline_score_lower)
     values ($1, $2, $3, $4::latent_status, 10, 10000, $5, $6, 1, '{1,2,3}', 40, 50, 9, 8, $7, $8, $9, $10, $11, $12)`,
    [
      coderId, latent.index, runId, latent.status, latent.frequency, latent.maxActivation, latent.status === 'ready' ? 's1' : null,
      explanationId, latent.explanation, latent.explanation === null ? null : 'lexical', latent.score?.value ?? null, latent.score?.lower ?? null,
    ], // prettier-ignore
  );
}

/** Windows of a latent: two of document `a`, one of `b`, a negative of `c`. */
export const WINDOWS: StoredExample[] = [
  { row: 1, start: 0, split: 'test', kind: 'activating', quantile: 0, document: 'a', tokens: ['the', ' ships'], activations: [0, 4] },
  { row: 3, start: 0, split: 'train', kind: 'activating', quantile: 1, document: 'a', tokens: ['two', ' ships'], activations: [0, 2] },
  { row: 9, start: 64, split: 'test', kind: 'activating', quantile: 0, document: 'b', tokens: ['private', ' letters'], activations: [1, 7] },
  { row: 2, start: 32, split: 'test', kind: 'random', quantile: null, document: 'c', tokens: ['a', ' tax'], activations: [0, 0] },
];

export async function seedExamples(pool: Pool, coder: Seeded, index: number, windows: StoredExample[] = WINDOWS, sampleKey = 's1'): Promise<void> {
  await pool.query('insert into example_blobs (coder_id, latent_index, sample_key, text_source_id, blob, document_keys) values ($1, $2, $3, $4, $5, $6)', [
    coder.coderId,
    index,
    sampleKey,
    coder.textSourceId,
    Buffer.from(encodeExamples(windows)),
    [...new Set(windows.map((window) => window.document))],
  ]);
}

export async function suppress(pool: Pool, coder: Seeded, documentKey: string): Promise<void> {
  await pool.query(`insert into suppressed_documents (text_source_id, document_key, reason) values ($1, $2, 'takedown')`, [coder.textSourceId, documentKey]);
}
