import type { Pool } from 'pg';
import { slugSchema } from '#lib/catalogue/schema.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { checkFit } from '#gpu-worker/sparse-coder/check-fit.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { openTextSource } from '#gpu-worker/text/text-source.ts';
import { ensureCoderPartitions } from '#platform/database/coder-partitions.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { Manifest } from './manifest.ts';

export interface Card {
  slug: string;
  name: string;
  location: string;
  license?: string;
  description?: string;
}

/**
 * Opens a checkpoint and enters it in the catalogue, or brings its entry up to date. Returns its id. Throws what
 * `openCheckpoint` throws, and AppError `bad_request` for a slug that is no URL segment.
 */
export async function registerModel(pool: Pool, card: Card): Promise<bigint> {
  checkSlug(card.slug);
  const checkpoint = await openCheckpoint(card.location);
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO models (slug, name, family, location, revision, layers, width, vocabulary, context_length, parameters, description, license)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (slug) DO UPDATE SET name = EXCLUDED.name, family = EXCLUDED.family, location = EXCLUDED.location, revision = EXCLUDED.revision,
       layers = EXCLUDED.layers, width = EXCLUDED.width, vocabulary = EXCLUDED.vocabulary, context_length = EXCLUDED.context_length,
       parameters = EXCLUDED.parameters, description = EXCLUDED.description, license = EXCLUDED.license
     RETURNING id::text`,
    [
      card.slug, card.name, checkpoint.family, card.location, checkpoint.revision, checkpoint.nLayers, checkpoint.dModel, checkpoint.vocabSize,
      checkpoint.contextLength, checkpoint.parameters, card.description ?? '', card.license ?? '',
    ], // prettier-ignore
  );
  return BigInt((rows[0] as { id: string }).id);
}

/**
 * Opens a sparse coder and enters it under its model, with the partitions its latents need. `hookpoint` says where it
 * reads when its own files do not. Returns its id. Throws what `openSparseCoder` and `checkFit` throw.
 */
export async function registerCoder(pool: Pool, modelId: bigint, card: Card, hookpoint?: string): Promise<bigint> {
  checkSlug(card.slug);
  const coder = await openSparseCoder(card.location);
  const inputs = coder.inputHookpoints.length > 0 || hookpoint === undefined ? coder.inputHookpoints : [hookpoint];
  const outputs = coder.outputHookpoints.length > 0 ? coder.outputHookpoints : inputs;
  if (inputs[0] !== undefined) checkFit(await openCheckpoint(await modelLocation(pool, modelId)), inputs[0], coder.dIn);
  const layer = /^layers\.(\d+)/.exec(inputs[0] ?? '')?.[1];
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO sparse_coders (model_id, slug, name, location, revision, format, activation, width, k, layer, input_hookpoints, output_hookpoints, description)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
       ON CONFLICT (model_id, slug) DO UPDATE SET name = EXCLUDED.name, location = EXCLUDED.location, revision = EXCLUDED.revision, format = EXCLUDED.format,
         activation = EXCLUDED.activation, width = EXCLUDED.width, k = EXCLUDED.k, layer = EXCLUDED.layer, input_hookpoints = EXCLUDED.input_hookpoints,
         output_hookpoints = EXCLUDED.output_hookpoints, description = EXCLUDED.description,
         profile = CASE WHEN sparse_coders.revision = EXCLUDED.revision THEN sparse_coders.profile END
       RETURNING id::text`,
      [
        String(modelId), card.slug, card.name, card.location, coder.revision, coder.format, coder.activation.kind, coder.width, coder.k,
        layer === undefined ? null : Number(layer), inputs, outputs, card.description ?? '',
      ], // prettier-ignore
    );
    const id = BigInt((rows[0] as { id: string }).id);
    await ensureCoderPartitions(client, id);
    return id;
  });
}

async function modelLocation(pool: Pool, modelId: bigint): Promise<string> {
  const { rows } = await pool.query<{ location: string }>('SELECT location FROM models WHERE id = $1', [String(modelId)]);
  return (rows[0] as { location: string }).location;
}

/** Reads a text source and enters it. Returns its id. */
export async function registerText(pool: Pool, card: Card): Promise<bigint> {
  checkSlug(card.slug);
  const source = await openTextSource(card.location);
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO text_sources (slug, name, location, revision, documents, license, description) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (slug) DO UPDATE SET name = EXCLUDED.name, location = EXCLUDED.location, revision = EXCLUDED.revision,
       documents = EXCLUDED.documents, license = EXCLUDED.license, description = EXCLUDED.description
     RETURNING id::text`,
    [card.slug, card.name, card.location, source.revision, source.count, card.license ?? '', card.description ?? ''],
  );
  return BigInt((rows[0] as { id: string }).id);
}

/** Enters everything the manifest lists. Idempotent. */
export async function registerBundled(pool: Pool, manifest: Manifest): Promise<void> {
  for (const { coders, ...model } of manifest.models) {
    const modelId = await registerModel(pool, model);
    for (const coder of coders) await registerCoder(pool, modelId, coder);
  }
  for (const text of manifest.texts) await registerText(pool, text);
}

function checkSlug(slug: string): void {
  const parsed = slugSchema.safeParse(slug);
  if (!parsed.success) throw new AppError('bad_request', `${slug} cannot name a page: ${parsed.error.issues[0]?.message}.`, { field: 'slug' });
}
