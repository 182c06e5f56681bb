import type { Pool, PoolClient } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { encodeExamples, type StoredExample } from '#lib/example/blob.ts';
import { rngFor } from '#lib/random/rng.ts';
import { IMPORTED_TEXT } from '#lib/run/imported-text.ts';
import { runConfigSchema } from '#lib/run/schema.ts';
import { median } from '#lib/stats/quantile.ts';
import { copyRows } from '#platform/database/copy-rows.ts';
import { transaction } from '#platform/database/transaction.ts';
import { queueImported, type Enqueue } from '#platform/queue/queue-entered.ts';
import { contentKey } from '#gpu-worker/activations/keys.ts';
import { insertExplanations } from '#gpu-worker/stages/explanation-rows.ts';
import { insertScores, type NewScore } from '#gpu-worker/stages/score-rows.ts';
import { judgedScore, pooledFigures, simulationScore, type DelphiScore, type PooledFigures } from './figures.ts';
import { readDelphiResults, type DelphiJudged, type DelphiLatent, type DelphiResults } from './read-folder.ts';

/** What delphi writes when it cannot parse an answer, and goes on to score. */
const UNPARSED = 'Explanation could not be parsed.';
/** For scores of imported verdicts, whose intervals are the only draws. */
const SEED = 22;
/** Raised when the same files would give other rows. */
const VERSION = 2;

export interface DelphiImport {
  /** Run under which everything stands; that of an earlier import of the very files where there was one. */
  runId: string;
  already: boolean;
  explanations: number;
  /** Explanations that delphi could not parse, counted as failed. */
  unparsed: number;
  scores: number;
  /** Latents in the folder that the catalogue does not know: nothing of theirs was taken. */
  unknown: number;
  scorers: { scorer: string; latents: number; median: number | null; failed: number; pooled: PooledFigures | null }[];
}

interface Place {
  modelId: string;
  coderId: string;
  width: number;
}

/**
 * Takes a folder of delphi's results into the catalogue, under a run of protocol `delphi`: explanations, every verdict with
 * its window, scores worked out anew from the verdicts, and beside them delphi's own pooled figures. All or nothing, and
 * the same folder only once.
 *
 * @param enqueue queues the explanations to be scored on the sealed reserve; null: nobody is there to do it
 * @param hookpoint which module of the folder; needed only where it holds several
 * @throws AppError `not_found` for an unknown model or coder and for a folder without results, `bad_request` for several
 *   modules and for latents that are not the coder's, `corrupt_file` naming the file
 */
export async function importDelphiResults(
  pool: Pool,
  { folder, model, coder, hookpoint }: { folder: string; model: string; coder: string; hookpoint?: string | undefined },
  enqueue: Enqueue | null = null,
): Promise<DelphiImport> {
  const results = await readDelphiResults(folder);
  const place = await findCoder(pool, model, coder);
  const latents = ofModule(results, hookpoint);
  const beyond = latents.find(({ index }) => index >= place.width);
  if (beyond)
    throw new AppError(
      'bad_request',
      `The folder has latent ${beyond.index}, but ${coder} of ${model} has only ${place.width}: these are another coder’s results.`,
      { field: 'coder' },
    );
  return transaction(pool, (client) => write(client, results, latents, { ...place, model, coder }, enqueue));
}

async function findCoder(pool: Pool, model: string, coder: string): Promise<Place> {
  const { rows } = await pool.query<Place>(
    `SELECT m.id::text AS "modelId", c.id::text AS "coderId", c.width FROM models m JOIN sparse_coders c ON c.model_id = m.id WHERE m.slug = $1 AND c.slug = $2`,
    [model, coder],
  );
  if (rows[0] === undefined)
    throw new AppError('not_found', `The catalogue has no coder “${coder}” of a model “${model}”: register and run it first.`, { field: 'coder' });
  return rows[0];
}

function ofModule({ latents }: DelphiResults, hookpoint: string | undefined): DelphiLatent[] {
  const modules = [...new Set(latents.map(({ module }) => module))];
  const module = hookpoint ?? (modules.length === 1 ? modules[0] : undefined);
  if (module === undefined || !modules.includes(module)) {
    throw new AppError('bad_request', `The folder holds results of ${modules.join(', ')}: name one of them with --hookpoint.`, { field: 'hookpoint' });
  }
  return latents.filter((latent) => latent.module === module);
}

async function write(
  client: PoolClient,
  results: DelphiResults,
  all: DelphiLatent[],
  place: Place & { model: string; coder: string },
  enqueue: Enqueue | null,
): Promise<DelphiImport> {
  const { coderId } = place;
  const module = all[0]?.module ?? '';
  const key = contentKey({ version: VERSION, delphi: results.hash, module, coder: coderId });
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('import_delphi', $1::bigint))`, [coderId]);
  const known = new Set((await client.query<{ index: number }>('SELECT index FROM latents WHERE coder_id = $1', [coderId])).rows.map(({ index }) => index));
  const latents = all.filter(({ index }) => known.has(index));
  const earlier = await client.query<{ id: string }>('SELECT id::text FROM runs WHERE coder_id = $1 AND config_hash = $2', [coderId, key]);
  const scored = latents.flatMap((latent) => scoresOf(latent).map((score) => ({ latent, score })));
  const summary = {
    explanations: latents.filter(isExplained).length,
    unparsed: latents.filter(({ explanation }) => explanation === UNPARSED).length,
    scores: scored.filter(({ latent }) => isExplained(latent)).length,
    unknown: all.length - latents.length,
    scorers: summarise(latents, scored.map(({ score }) => score)), // prettier-ignore
  };
  if (earlier.rows[0]) return { runId: earlier.rows[0].id, already: true, ...summary };
  if (latents.length === 0) {
    throw new AppError(
      'bad_request',
      `None of the folder’s ${all.length} latents of ${module} is in the catalogue: run ${place.coder} first, so that they have statistics and pages.`,
      { field: 'coder' },
    );
  }
  const sampleKeys = { detection: `${key}-d`, fuzzing: `${key}-f`, simulation: key };
  const runId = await insertRun(client, results, place, { key, sampleKey: sampleKeys.detection, scorers: summary.scorers });
  await insertWindows(client, latents, { coderId, textSourceId: runId.textSourceId }, sampleKeys);
  const inputKey = (latent: DelphiLatent): string => contentKey({ import: key, latent: latent.index });
  await insertExplanations(
    client,
    latents.filter(isExplained).map((latent) => ({
      ...{ coderId: BigInt(coderId), latentIndex: latent.index, runId: BigInt(runId.id), method: 'imported', rule: null },
      explainer: results.runConfig.explainer_model ?? 'delphi',
      text: (latent.explanation as string).trim(),
      provenance: { importedFrom: 'delphi', folderHash: results.hash, module, sampleKey: sampleKeys.detection, documents: [] },
      inputKey: inputKey(latent),
    })),
  );
  await insertAttempts(client, latents, { coderId, runId: runId.id, inputKey });
  const ids = await explanationIds(client, coderId, latents.map(inputKey)); // prettier-ignore
  if (enqueue !== null) await queueImported(client, enqueue, [...ids.values()].map(String));
  await insertScores(
    client,
    scored.flatMap(({ latent, score }): NewScore[] => {
      const explanationId = ids.get(inputKey(latent));
      if (explanationId === undefined) return [];
      return [
        {
          ...score,
          ...{ coderId: BigInt(coderId), latentIndex: latent.index, explanationId, runId: BigInt(runId.id), control: null, exam: 'test' },
          provenance: {
            ...{ importedFrom: 'delphi', folderHash: results.hash, module, sampleKey: sampleKeys[score.scorer as keyof typeof sampleKeys] },
            controlMissing: 'delphi takes none.',
            documentsUnknown: 'delphi does not save which text a window is from: the interval takes each for a document of its own.',
          },
          inputKey: contentKey({ import: key, latent: latent.index, scorer: score.scorer }),
        },
      ];
    }),
  );
  return { runId: runId.id, already: false, ...summary };
}

const isExplained = ({ explanation }: DelphiLatent): boolean => explanation !== null && explanation !== UNPARSED && explanation.trim() !== '';

function scoresOf(latent: DelphiLatent): DelphiScore[] {
  const rng = (scorer: string): ReturnType<typeof rngFor> => rngFor(SEED, 'delphi', scorer, latent.index);
  return [
    ...(latent.detection ? [judgedScore('detection', latent.detection, rng('detection'))] : []),
    ...(latent.fuzz ? [judgedScore('fuzzing', latent.fuzz, rng('fuzzing'))] : []),
    ...(latent.simulation ? [simulationScore(latent.simulation, rng('simulation'))] : []),
  ];
}

function summarise(latents: readonly DelphiLatent[], scores: readonly DelphiScore[]): DelphiImport['scorers'] {
  const pooled = {
    detection: pooledFigures(latents.flatMap(({ detection }) => (detection ? [detection] : []))),
    fuzzing: pooledFigures(latents.flatMap(({ fuzz }) => (fuzz ? [fuzz] : []))),
    simulation: null,
  };
  return (['detection', 'fuzzing', 'simulation'] as const).flatMap((scorer) => {
    const own = scores.filter((score) => score.scorer === scorer);
    if (own.length === 0) return [];
    const failed = own.reduce((sum, { nFailed }) => sum + nFailed, 0);
    return [{ scorer, latents: own.length, median: median(own.flatMap(({ value }) => value ?? [])), failed, pooled: pooled[scorer] }];
  });
}

async function insertRun(
  client: PoolClient,
  { runConfig, hash }: DelphiResults,
  { model, coder, modelId, coderId }: Place & { model: string; coder: string },
  { key, sampleKey, scorers }: { key: string; sampleKey: string; scorers: DelphiImport['scorers'] },
): Promise<{ id: string; textSourceId: string }> {
  const data = runConfig.cache_cfg?.dataset_repo ?? 'unknown text';
  const slug = `delphi-${data.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 60).replace(/-+$/, '');
  const text = await client.query<{ id: string }>(
    `INSERT INTO text_sources (slug, name, location, revision, documents, description) VALUES ($1, $2, $3, 'unknown', 0, $4)
     ON CONFLICT (slug) DO UPDATE SET slug = EXCLUDED.slug RETURNING id::text`,
    [slug, data, `${IMPORTED_TEXT}${data}`, 'The text of imported results; it cannot be read here.'],
  );
  const textSourceId = (text.rows[0] as { id: string }).id;
  const config = runConfigSchema.parse({
    ...{ model, coder, text: slug, protocol: 'delphi', explainers: ['default'] },
    tokens: Math.min(100_000_000, Math.max(10_000, Math.round(runConfig.cache_cfg?.n_tokens ?? 10_000_000))),
    scorers: scorers.map(({ scorer }) => scorer),
  });
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO runs (config, config_hash, model_id, coder_id, text_source_id, protocol, results, started_at, finished_at)
     VALUES ($1, $2, $3, $4, $5, 'delphi', $6, now(), now()) RETURNING id::text`,
    [
      JSON.stringify(config),
      key,
      modelId,
      coderId,
      textSourceId,
      JSON.stringify({ sampleKey, importedFrom: 'delphi', folderHash: hash, delphiConfig: runConfig, delphiPooled: scorers }),
    ],
  );
  const id = (rows[0] as { id: string }).id;
  await client.query(`INSERT INTO run_events (run_id, level, event, data) VALUES ($1, 'info', 'results_imported', $2)`, [
    id,
    JSON.stringify({ from: 'delphi' }),
  ]);
  return { id, textSourceId };
}

/** delphi does not say where a window lies: it is named by its place in its file. */
async function insertWindows(
  client: PoolClient,
  latents: readonly DelphiLatent[],
  { coderId, textSourceId }: { coderId: string; textSourceId: string },
  keys: { detection: string; fuzzing: string },
): Promise<void> {
  const rows = latents.flatMap((latent) =>
    ([['detection', keys.detection], ['fuzz', keys.fuzzing]] as const).flatMap(([part, sampleKey]) => {
      const windows = latent[part];
      return windows ? [[coderId, latent.index, sampleKey, textSourceId, encodeExamples(windows.map(storedWindow)), [DOCUMENT]]] : [];
    }),
  ); // prettier-ignore
  await client.query('CREATE TEMP TABLE new_blobs (LIKE example_blobs INCLUDING DEFAULTS) ON COMMIT DROP');
  const columns = ['coder_id', 'latent_index', 'sample_key', 'text_source_id', 'blob', 'document_keys'];
  await copyRows(client, 'new_blobs', columns, rows);
  await client.query(`INSERT INTO example_blobs (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM new_blobs ON CONFLICT DO NOTHING`);
}

/** Stands where a window's document would be named. */
const DOCUMENT = 'not known (delphi does not save it)';

function storedWindow({ str_tokens: tokens, activations, activating, distance }: DelphiJudged, row: number): StoredExample {
  return {
    ...{ row, start: 0, split: 'test', kind: activating ? 'activating' : 'random', quantile: activating ? Math.max(0, Math.round(distance)) : null },
    ...{ document: DOCUMENT, tokens, activations: tokens.map((_, i) => activations[i] ?? 0) },
  };
}

async function insertAttempts(
  client: PoolClient,
  latents: readonly DelphiLatent[],
  { coderId, runId, inputKey }: { coderId: string; runId: string; inputKey: (latent: DelphiLatent) => string },
): Promise<void> {
  const rows = latents.flatMap((latent) => {
    if (latent.explanation === null) return [];
    const row = [coderId, latent.index, runId, 'imported'];
    return [
      isExplained(latent)
        ? [...row, 'imported', inputKey(latent), null, null]
        : [...row, null, null, 'bad_answer', 'delphi could not parse the model’s answer.'],
    ];
  });
  await copyRows(client, 'explanation_attempts', ['coder_id', 'latent_index', 'run_id', 'asked', 'method', 'input_key', 'cause', 'message'], rows);
}

async function explanationIds(client: PoolClient, coderId: string, inputKeys: readonly string[]): Promise<Map<string, bigint>> {
  const { rows } = await client.query<{ id: string; key: string }>(
    'SELECT id::text, input_key AS key FROM explanations WHERE coder_id = $1 AND input_key = ANY($2)',
    [coderId, inputKeys],
  );
  return new Map(rows.map(({ id, key }) => [key, BigInt(id)]));
}
