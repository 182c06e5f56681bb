import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';

/** One window of a detection or fuzzing exam as delphi saves it (`ClassifierOutput`). */
const judgedSchema = z.object({
  str_tokens: z.array(z.string()),
  activations: z.array(z.number()),
  /** The tenth of a firing window, 0 the strongest; −1 or a similarity for silent ones. */
  distance: z.number(),
  activating: z.boolean(),
  /** Null where the answer for the window's whole prompt could not be used. */
  prediction: z.boolean().nullable(),
  probability: z.number().nullable(),
});
export type DelphiJudged = z.infer<typeof judgedSchema>;

/** A group of simulated windows: group 0 holds all, firing and silent; group n the n-th tenth of the firing ones. */
const simulatedSchema = z.object({
  distance: z.number().int(),
  scored_sequence_simulations: z.array(
    z.object({
      simulation: z.object({ tokens: z.array(z.string()), expected_activations: z.array(z.number()) }),
      true_activations: z.array(z.number()),
    }),
  ),
});
export type DelphiSimulated = z.infer<typeof simulatedSchema>;

/** What matters here of `run_config.json`; it holds more, and may be missing. */
const runConfigSchema = z.looseObject({
  explainer_model: z.string().optional(),
  explainer_provider: z.string().optional(),
  cache_cfg: z.looseObject({ dataset_repo: z.string().optional(), n_tokens: z.number().optional() }).optional(),
});
export type DelphiRunConfig = z.infer<typeof runConfigSchema>;

/** Everything delphi saved of one latent; null for what it did not. */
export interface DelphiLatent {
  module: string;
  index: number;
  explanation: string | null;
  detection: DelphiJudged[] | null;
  fuzz: DelphiJudged[] | null;
  simulation: DelphiSimulated[] | null;
}

export interface DelphiResults {
  /** Ascending by module and index. */
  latents: DelphiLatent[];
  runConfig: DelphiRunConfig;
  /** SHA-256 over the files' names and bytes, hex. */
  hash: string;
}

const FILE = /^(.*)_latent(\d+)\.txt$/;
/** Paths inside the folder, with what their files hold. */
const PARTS = {
  explanation: { folder: 'explanations', schema: z.string() },
  detection: { folder: 'scores/detection', schema: z.array(judgedSchema) },
  fuzz: { folder: 'scores/fuzz', schema: z.array(judgedSchema) },
  simulation: { folder: 'scores/simulation', schema: z.array(simulatedSchema) },
} as const;

/**
 * Reads a folder of results as delphi's command line leaves it (method.md §1.2, §4.1, §5). Throws AppError `not_found` for
 * a folder without explanations and scores, and `corrupt_file` naming a file that delphi did not write.
 */
export async function readDelphiResults(folder: string): Promise<DelphiResults> {
  const dir = resolve(folder);
  const latents = new Map<string, DelphiLatent>();
  const hash = createHash('sha256');
  const config = await readIfThere(join(dir, 'run_config.json'));
  if (config !== null) hash.update('run_config.json').update(config);
  for (const part of ['explanation', 'detection', 'fuzz', 'simulation'] as const) {
    const { folder: inside, schema } = PARTS[part];
    for (const name of await namesIn(join(dir, inside))) {
      const [, module, index] = FILE.exec(name) ?? [];
      if (module === undefined || index === undefined) continue;
      const path = join(dir, inside, name);
      const bytes = await readFile(path);
      hash.update(`${inside}/${name}`).update(bytes);
      const key = `${module} ${index}`;
      const latent = latents.get(key) ?? {
        module: module.replaceAll('--', '/'),
        index: Number(index),
        explanation: null,
        detection: null,
        fuzz: null,
        simulation: null,
      };
      latents.set(key, Object.assign(latent, { [part]: parse<unknown>(path, bytes, schema) }));
    }
  }
  if (latents.size === 0) {
    throw new AppError(
      'not_found',
      `${dir} holds no results of delphi’s: files like explanations/<module>_latent<n>.txt and scores/detection/<module>_latent<n>.txt are expected.`,
    );
  }
  const sorted = [...latents.values()].sort((a, b) => (a.module < b.module ? -1 : a.module > b.module ? 1 : a.index - b.index));
  return { latents: sorted, runConfig: config === null ? {} : parse(join(dir, 'run_config.json'), config, runConfigSchema), hash: hash.digest('hex') };
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Sorted, so that the hash does not depend on the file system. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function parse<T>(path: string, bytes: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const why = issue ? `${issue.path.join('.') || 'the file'}: ${issue.message}` : errorMessage(cause);
    throw new AppError('corrupt_file', `${path} is not a file of delphi’s results (${why}).`, { cause });
  }
}
