import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { sha256 } from '#platform/artifacts/trailer.ts';
import type { ArtifactFacts, ArtifactStore } from '#platform/artifacts/types.ts';

/** Where a store's own manifest lies. */
export const MANIFEST = 'manifest.json';

const whole = z.number().int().nonnegative();
const fileSchema = z.object({
  /** Relative to the folder or bucket that holds the store. */
  path: z.string(),
  bytes: whole,
  sha256: z.string(),
});
const fact = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const dataSchema = z.object({
  key: z.string(),
  rows: whole,
  row_length: whole,
  /** Neither masked nor padding. */
  tokens: whole,
  documents: whole,
  /** Positions that hold this token are not stored; null: all are. */
  masked_token: z.number().int().nullable(),
  /** What the rows were made of, in the words of whoever made them. */
  made_of: z.record(z.string(), fact),
  /** Null where the tokens are not known. */
  file: fileSchema.nullable(),
});

export const coderSchema = z.object({
  key: z.string(),
  hookpoint: z.string(),
  width: whole,
  pairs: whole,
  /** Latents with at least one activation. */
  alive: whole,
  /** Sum of all activations, before they were rounded to 16 bits. */
  activation_sum: z.number(),
  made_of: z.record(z.string(), fact),
  file: fileSchema,
});

const manifestSchema = z.object({
  format: z.literal('latent-atlas activation store'),
  version: z.literal(1),
  /** Hash of everything that determines the content. */
  key: z.string(),
  data: dataSchema,
  coders: z.array(coderSchema),
});

export type StoreManifest = z.infer<typeof manifestSchema>;
export type DataEntry = z.infer<typeof dataSchema>;
export type CoderEntry = z.infer<typeof coderSchema>;
export type StoredFile = z.infer<typeof fileSchema>;

/** A file as the manifest names it. Throws AppError 'not_found'. */
export async function storedFile(store: ArtifactStore, path: string): Promise<StoredFile> {
  const facts: ArtifactFacts | null = await store.facts(path);
  if (facts === null) throw new AppError('not_found', `There is no artifact ${path}.`);
  return { path, ...facts };
}

/**
 * Writes a store's manifest, last: where it stands, all it names stands. It ends in a checksum of itself. What only the
 * manifest before it named is deleted.
 */
export async function publishManifest(store: ArtifactStore, manifest: StoreManifest): Promise<void> {
  const before = await readStoreManifest(store);
  const text = JSON.stringify({ ...manifest, sha256: sumOf(manifest) }, null, 2);
  await store.write(MANIFEST, Buffer.from(`${text}\n`));
  if (before === null) return;
  const kept = foldersOf(manifest);
  for (const folder of foldersOf(before)) {
    if (kept.has(folder)) continue;
    for (const key of await store.list(folder)) await store.delete(key);
  }
}

function foldersOf({ data, coders }: StoreManifest): Set<string> {
  const paths = [data, ...coders].flatMap(({ file }) => (file === null ? [] : [file.path]));
  return new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))));
}

/** Null when there is none. Throws AppError 'corrupt_file' when it is not what was written, 'unsupported' for a version that is not read here. */
export async function readStoreManifest(store: ArtifactStore, key: string = MANIFEST): Promise<StoreManifest | null> {
  if (!(await store.has(key))) return null;
  const corrupt = (what: string, cause?: unknown): AppError =>
    new AppError('corrupt_file', `The artifact ${key} is damaged: ${what}. Delete it and collect again: what is finished beside it is not done again.`, {
      cause,
    });
  let json: unknown;
  try {
    json = JSON.parse((await store.read(key)).toString('utf8'));
  } catch (cause) {
    throw corrupt('it is not JSON', cause);
  }
  const version = z.looseObject({ version: z.number() }).safeParse(json);
  if (version.success && version.data.version !== 1)
    throw new AppError('unsupported', `${key} has version ${version.data.version} of its format, and this program reads version 1; collect again.`);
  const parsed = manifestSchema.extend({ sha256: z.string() }).safeParse(json);
  if (!parsed.success) throw corrupt(`it is wrong at ${parsed.error.issues[0]?.path.join('.') || 'its root'}`);
  const { sha256: sum, ...manifest } = parsed.data;
  if (sum !== sumOf(manifest)) throw corrupt('its checksum differs');
  return manifest;
}

function sumOf(manifest: StoreManifest): string {
  // Parsed, so that the order of keys is the schema's whoever wrote it.
  return sha256(Buffer.from(JSON.stringify(manifestSchema.parse(manifest))));
}
