import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { parse } from 'yaml';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { evidenceWarning } from '#lib/run/evidence.ts';
import type { JobName } from '#lib/jobs/registry.ts';
import { runConfigSchema, type RunConfig, type RunSummary } from '#lib/run/schema.ts';
import { whyWaiting } from '#lib/run/waiting.ts';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { readManifest } from '#gpu-worker/catalogue/manifest.ts';
import { registerBundled, registerCoder, registerModel, registerText, type Card } from '#gpu-worker/catalogue/register.ts';
import type { Located } from '#gpu-worker/hub/locate.ts';
import { resolveHookpoint } from '#gpu-worker/model/hookpoints.ts';
import { LETTERS_PER_TOKEN } from '#gpu-worker/text/document.ts';
import { openTextSource } from '#gpu-worker/text/text-source.ts';
import { isTextFile, parseTextSpec } from '#gpu-worker/text/text-spec.ts';
import { estimateRun } from '#gpu-worker/estimate/estimate-run.ts';
import { createChatClient } from '#gpu-worker/llm/create-chat-client.ts';
import { readPrices } from '#gpu-worker/llm/read-prices.ts';
import { createWorker } from '#gpu-worker/worker.ts';
import type { Environment } from '#platform/environment/environment.ts';
import { isUnavailable } from '#platform/database/unavailable.ts';
import { getRun } from '#server/runs/queries.ts';
import { checkMethods, openRunOf, startRun } from '#server/runs/start.ts';
import { MANIFEST } from './bootstrap.ts';
import { estimateLines } from './estimate.ts';
import { locateCoder, locateModel, locateText } from './locate.ts';
import { withInstance } from './open-instance.ts';
import { progressLine, progressLines } from './progress-bar.ts';
import { resultLines } from './result-lines.ts';
import { warn } from './warn.ts';

const POLL_MS = 500;
/** How long the database may fail to answer those who look on. */
const UNANSWERED_MS = 120_000;
/** What shells expect after Ctrl-C. */
const INTERRUPTED = 130;

/** Adds `run <config>`: a run without the site. */
export function registerRun(program: Command, print: (line: string) => void): void {
  program
    .command('run')
    .description('make the run that a YAML file describes, here and now, and show its progress')
    .argument('<config>', 'YAML file, e.g. examples/run.yaml')
    .option('--estimate', 'do not run: say how many calls, tokens, how much money and time the language model would take')
    .action((file: string, { estimate = false }: { estimate?: boolean }) => (estimate ? estimateFile(file, print) : runFile(file, print)));
}

/** Reads and checks a run's YAML. Throws AppError `invalid_config` with the first field at fault. */
export function readRunConfig(file: string): RunConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    const sentence =
      code === 'ENOENT'
        ? `There is no file ${file}: give the path of a run’s YAML, such as examples/run.yaml.`
        : code === 'EISDIR'
          ? `${file} is a folder: give the path of a run’s YAML, such as examples/run.yaml.`
          : `${file} cannot be read: ${errorMessage(cause)}`;
    throw new AppError('invalid_config', sentence, { cause });
  }
  let content: unknown;
  try {
    content = parse(text);
  } catch (cause) {
    throw new AppError('invalid_config', `${file} cannot be read as YAML: ${errorMessage(cause)}`, { cause });
  }
  const parsed = runConfigSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue?.path.join('.') || 'the file';
  const known = Object.keys(runConfigSchema.shape).join(', ');
  const reason = issue?.code === 'unrecognized_keys' ? `is not a key of a run; the keys are ${known}` : issue?.message;
  throw new AppError('invalid_config', `${file}: ${field} ${reason}.`, { field });
}

/** Starts the run, works on it in this process until it is over, and prints what came of it. */
export async function runFile(file: string, print: (line: string) => void): Promise<void> {
  const config = readRunConfig(file);
  await withInstance(async ({ environment, database, log }) => {
    // Before models are fetched from the hub for a run that cannot be.
    checkMethods(config, environment);
    // On a checkout whose site was never started, what is bundled is not known yet.
    await registerBundled(database.pool, await readManifest(MANIFEST));
    const registered = await registerFolders(database.pool, environment, config);
    const stop = new AbortController();
    const interrupt = (): void => stop.abort();
    let stuck: JobName | null = null;
    const worker = createWorker({
      environment,
      database,
      log: log.child({}, { level: 'warn' }),
      // Its own id: a worker of the site that runs beside this one must not take its leases for its own.
      workerId: `atlas-run-${process.pid}`,
      onStuck({ job }) {
        stuck = job;
        stop.abort();
      },
    });
    process.once('SIGINT', interrupt);
    try {
      const warning = await foreseeEvidence(database.pool, registered);
      if (warning !== null) warn(warning);
      const interrupted = await openRunOf(database.pool, registered);
      if (interrupted !== null) print(`Going on with run ${interrupted}, which was not over: what it has done is not done again.`);
      const id = interrupted ?? (await startRun({ pool: database.pool, queue: worker.queue, environment }, registered, null)).id;
      await worker.start();
      const run = await follow(database.pool, id, stop.signal);
      if (stuck !== null && !run?.failure)
        throw new AppError(
          'internal',
          `A ${stuck as JobName} job did not come back in the time it may take. Run ${id} goes on where it is when a worker is started.`,
        );
      if (run === null) {
        print(
          `Stopped watching. Run ${id} goes on with a worker of the site, now or when it is started, or when this command is given again; to end it: npm run atlas -- cancel ${id}, or ${environment.siteUrl}/admin/runs/${id}.`,
        );
        process.exitCode = INTERRUPTED;
        return;
      }
      if (run.failure) throw new AppError('internal', `Run ${id} failed in ${run.failure.stage ?? 'its first'} stage: ${run.failure.message}`);
      for (const line of resultLines(run.results)) print(line);
      print(`Run ${id} ${run.state}: ${environment.siteUrl}/${run.model}/${run.coder}`);
      print(`Its scores, failures and cost as a page: npm run -s atlas -- report ${id} --html --out run-${id}.html`);
    } finally {
      process.removeListener('SIGINT', interrupt);
      await worker.stop();
    }
  });
}

/** Prints what the run would take of the language model; nothing is asked, and no run is made. */
export async function estimateFile(file: string, print: (line: string) => void): Promise<void> {
  const config = readRunConfig(file);
  await withInstance(async ({ environment, database, log }) => {
    checkMethods(config, environment);
    await registerBundled(database.pool, await readManifest(MANIFEST));
    const registered = await registerFolders(database.pool, environment, config);
    const llm = createChatClient(environment, database.pool, (sentence) => log.info({ event: 'hub', sentence }));
    const services = { pool: database.pool, chat: llm?.chat ?? null, prices: readPrices(environment.llmPrices), limits: environment.llm };
    try {
      for (const line of estimateLines(await estimateRun(services, registered))) print(line);
      const warning = await foreseeEvidence(database.pool, registered);
      if (warning !== null) print(warning);
    } finally {
      await llm?.close();
    }
  });
}

/** What to say before a run that reads too little; null also for what is not registered, which starting refuses. */
async function foreseeEvidence(pool: Pool, { model, coder, text, tokens, protocol }: RunConfig): Promise<string | null> {
  const { rows } = await pool.query<{ width: number; k: number | null; location: string }>(
    `SELECT c.width, c.k, t.location FROM sparse_coders c JOIN models m ON m.id = c.model_id, text_sources t WHERE m.slug = $1 AND c.slug = $2 AND t.slug = $3`,
    [model, coder, text],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { count: documents, letters } = await openTextSource(row.location);
  const tokensPerDocument = letters / LETTERS_PER_TOKEN / documents;
  return evidenceWarning({ protocol, tokens, coder: row, text: { documents, tokensPerDocument } });
}

/**
 * Shows progress until the run is over; null when the signal stopped the watching. Looking on may fail where working does
 * not: a database that a busy machine keeps from answering is asked again for a while.
 */
async function follow(pool: Pool, runId: string, signal: AbortSignal): Promise<RunSummary | null> {
  const bar = progressLines(process.stderr);
  let answered = Date.now();
  try {
    for (;;) {
      const run = await getRun(pool, runId).catch((error: unknown) => {
        if (!isUnavailable(error) || Date.now() - answered > UNANSWERED_MS) throw error;
        return null;
      });
      if (run === null) {
        if (signal.aborted) return null;
        await delay(POLL_MS);
        continue;
      }
      answered = Date.now();
      const waiting = whyWaiting(run);
      bar.show(waiting === null ? progressLine(run.stages) : `Run ${runId} is ${waiting}.`);
      if (run.state !== 'queued' && run.state !== 'running') return run;
      if (signal.aborted) return null;
      await delay(POLL_MS);
    }
  } finally {
    bar.end();
  }
}

/** Enters folders (and what the hub has by that name) that the configuration names, so that the run and its pages have something to point at. */
async function registerFolders(pool: Pool, environment: Environment, config: RunConfig): Promise<RunConfig> {
  const out = { ...config };
  if (isFolder(config.model)) {
    const location = placeOf(config.model, await locateModel(environment, config.model));
    if (config.hookpoint !== undefined) resolveHookpoint((await openCheckpoint(location)).spec, config.hookpoint);
    const card = await cardFor(pool, 'models', { slug: slugOf(config.model), name: path.basename(config.model), location });
    await registerModel(pool, card);
    out.model = card.slug;
  }
  if (isFolder(config.coder)) {
    const { rows } = await pool.query<{ id: string }>('SELECT id::text FROM models WHERE slug = $1', [out.model]);
    const modelId = rows[0]?.id;
    if (modelId === undefined) throw new AppError('invalid_config', `The model ${out.model} is not known here; give its folder.`, { field: 'model' });
    const location = placeOf(config.coder, await locateCoder(environment, config.coder));
    const folder = path.resolve(config.coder);
    const slug = slugOf(path.join(path.basename(path.dirname(folder)), path.basename(folder)));
    const card = await cardFor(pool, 'sparse_coders', { slug, name: config.coder, location });
    await registerCoder(pool, BigInt(modelId), card, config.hookpoint);
    out.coder = card.slug;
  }
  if (namesText(config.text)) {
    const location = await locateText(environment, config.text);
    const card = await cardFor(pool, 'text_sources', { slug: slugOf(config.text), name: path.basename(config.text), location });
    await registerText(pool, card);
    out.text = card.slug;
  }
  return out;
}

/** A folder of the user's own stays as it was written; one of the hub is where its commit was fetched to. */
const placeOf = (name: string, { dir, commit }: Located): string => (commit === null ? name : dir);

const isFolder = (name: string): boolean => /[\\/]/.test(name) || (existsSync(name) && !/^[\w.-]+$/.test(name));

/** Whether a run's `text` says where text lies, and is not the slug of a registered one. */
export const namesText = (text: string): boolean => /^(?:npm|hf):/.test(text) || isFolder(text) || isTextFile(parseTextSpec(text).place);

const slugOf = (folder: string): string =>
  folder
    .split(/[\\/]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .slice(-2)
    .join('-')
    .replace(/[^\w.-]+/g, '-')
    .toLowerCase();

/** The card this place has already, or `wanted`, its slug told apart by a hash of the place when something else is called so. */
async function cardFor(pool: Pool, table: 'models' | 'sparse_coders' | 'text_sources', wanted: Card): Promise<Card> {
  const { rows } = await pool.query<{ slug: string; location: string; name: string; description: string; license: string | null }>(
    `SELECT slug, location, name, description, to_jsonb(t) ->> 'license' AS license FROM ${table} t WHERE location = $1 OR slug = $2`,
    [wanted.location, wanted.slug],
  );
  const known = rows.find((row) => row.location === wanted.location);
  if (known) return { ...known, license: known.license ?? undefined };
  return rows.length === 0 ? wanted : { ...wanted, slug: `${wanted.slug}-${createHash('sha256').update(wanted.location).digest('hex').slice(0, 6)}` };
}
