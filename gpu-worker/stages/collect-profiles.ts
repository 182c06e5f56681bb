import { isAppError } from '#lib/errors/app-error.ts';
import { copyRows, JsonValue, type CopyValue } from '#platform/database/copy-rows.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { readDataSet } from '#gpu-worker/activations/data-set.ts';
import { openNeighbours, type Neighbours } from '#gpu-worker/activations/neighbours/read-neighbours.ts';
import { SHOWN_NEIGHBOURS, storedProfile } from '#gpu-worker/activations/profile/stored-profile.ts';
import { openStatistics } from '#gpu-worker/activations/statistics/statistics-file.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openTokenizer } from '#gpu-worker/model/tokenizer.ts';
import { openLogitEffects, type LogitEffects } from '#gpu-worker/sparse-coder/logit-effects.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { writesAt } from '#gpu-worker/sparse-coder/writes-at.ts';
import { addResults, loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';
import { yieldNow } from './yield-now.ts';

/** Rows made between two breaths: a few milliseconds. */
const LATENTS_A_BREATH = 16;
const COLUMNS = ['coder_id', 'latent_index', 'profile_key', 'profile'] as const;

/** The rows that a batch of latents' pages show beside their examples: statistics, tokens, effects on the logits, neighbours. */
export function collectProfiles(services: WorkerServices): TaskHandler<'collect.profiles'> {
  return async ({ runId, latents }, context) => {
    const { pool, artifacts, cache } = services;
    const run = await loadRun(pool, runId);
    const [checkpoint, coder] = [await openCheckpoint(run.modelLocation), await openSparseCoder(run.coderLocation)];
    const writeAt = writesAt(coder, requireFact(run, 'hookpoint'));
    const [statisticsKey, neighboursKey] = [requireFact(run, 'statisticsKey'), requireFact(run, 'neighboursKey')];
    const profileKey = contentKey({
      version: ALGORITHM_VERSIONS.profiles,
      statistics: statisticsKey,
      neighbours: neighboursKey,
      model: checkpoint.revision,
      coder: coder.revision,
      writeAt,
    });
    const standing = await standingProfiles(services, run, profileKey, latents);
    const open = latents.filter((latent) => !standing.has(latent));
    const rows: CopyValue[][] = [];
    if (open.length > 0) {
      const dataKey = requireFact(run, 'dataKey');
      const data = await cache.get(`data:${dataKey}`, () => readDataSet(artifacts, dataKey));
      const tokenizer = await cache.get(`tokenizer:${run.modelLocation}`, () => openTokenizer(run.modelLocation));
      const text = (token: number): string => tokenizer.tokenStrings([token]).join('');
      const effects = await effectsOf(services, { checkpoint, coder, hookpoint: writeAt, key: profileKey }, open);
      const statistics = await read(openStatistics(artifacts, statisticsKey), (file) => file.latents(open));
      const neighbours = await read(openNeighbours(artifacts, neighboursKey), (file) => nearestOf(file, open));
      for (const [i, latent] of open.entries()) {
        const parts = { statistics: statistics[i]!, effects: effects?.[i] ?? null, ...neighbours[i]!, rowLength: data.rowLength, text };
        rows.push([run.coderId, latent, profileKey, new JsonValue(storedProfile(parts))]);
        context.progress(standing.size + rows.length);
        if (i % LATENTS_A_BREATH === 0) await yieldNow(context.signal);
      }
    }
    await context.commit(async (client) => {
      await client.query('CREATE TEMP TABLE new_profiles (LIKE latent_profiles INCLUDING DEFAULTS) ON COMMIT DROP');
      await copyRows(client, 'new_profiles', COLUMNS, rows);
      const columns = COLUMNS.join(', ');
      await client.query(
        `INSERT INTO latent_profiles (${columns}) SELECT ${columns} FROM new_profiles ORDER BY latent_index ON CONFLICT (coder_id, latent_index, profile_key) DO NOTHING`,
      );
      await addResults(client, run.id, { profileKey });
      // What no page shows and no run that is not over will: a coder that is run again and again keeps two versions at most.
      await client.query(
        `DELETE FROM latent_profiles p WHERE p.coder_id = $1 AND p.latent_index = ANY($2) AND p.profile_key <> $3
           AND NOT EXISTS (SELECT 1 FROM latents l JOIN runs r ON r.id = l.run_id
                            WHERE l.coder_id = p.coder_id AND l.index = p.latent_index AND r.results->>'profileKey' = p.profile_key)
           AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.coder_id = p.coder_id AND r.results->>'profileKey' = p.profile_key
                            AND r.finished_at IS NULL AND r.failed_at IS NULL AND r.cancelled_at IS NULL)`,
        [String(run.coderId), latents, profileKey],
      );
      return { profiles: rows.length, reused: standing.size };
    });
  };
}

/** Those of the latents whose row stands under this very key. */
async function standingProfiles({ pool }: WorkerServices, run: RunFacts, profileKey: string, latents: readonly number[]): Promise<Set<number>> {
  const { rows } = await pool.query<{ latent_index: number }>(
    'SELECT latent_index FROM latent_profiles WHERE coder_id = $1 AND profile_key = $2 AND latent_index = ANY($3)',
    [String(run.coderId), profileKey, latents],
  );
  return new Set(rows.map(({ latent_index: latent }) => latent));
}

/** The latents' direct effects on the logits, in their order; null where nothing goes from the coder's hookpoint to the logits. */
async function effectsOf(
  { models, threads, device }: WorkerServices,
  { key, ...request }: Parameters<typeof openLogitEffects>[0] & { key: string },
  latents: readonly number[],
): Promise<LogitEffects[] | null> {
  try {
    const open = await models.get(
      `effects:${key}`,
      () => openLogitEffects({ ...request, threads, device }),
      (opened) => opened.close(),
    );
    const found: LogitEffects[] = [];
    for await (const effects of open.of(latents)) found.push(effects);
    return found;
  } catch (error) {
    if (isAppError(error) && error.code === 'unsupported') return null;
    throw error;
  }
}

/** What each of the latents' nearest are, by kind. */
async function nearestOf(file: Neighbours, latents: readonly number[]) {
  const of = (kind: keyof Neighbours['kinds']) => file.nearestOf(latents, kind, SHOWN_NEIGHBOURS);
  const side = async (kind: 'decoder' | 'encoder') => ('missing' in file.kinds[kind] ? null : of(kind));
  const [coOccurrence, decoder, encoder] = [await of('co-occurrence'), await side('decoder'), await side('encoder')];
  const shared = file.kinds['co-occurrence'];
  const rows = 'missing' in shared ? { counted: 0, all: 0 } : { counted: shared.rows ?? 0, all: shared.all_rows ?? 0 };
  return latents.map((_, i) => ({
    neighbours: { coOccurrence: coOccurrence[i]!, decoder: decoder && decoder[i]!, encoder: encoder && encoder[i]! },
    rows,
  }));
}

/** Reads from a file and closes it. */
async function read<File extends { close(): Promise<void> }, T>(opening: Promise<File>, work: (file: File) => Promise<T>): Promise<T> {
  const file = await opening;
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
