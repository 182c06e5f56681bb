import type { Pool, PoolClient } from 'pg';
import { AppError } from '#lib/errors/app-error.ts';
import { refuseMethods } from '#lib/run/methods.ts';
import type { RunConfig, RunSummary } from '#lib/run/schema.ts';
import { JOB_UNITS } from '#lib/run/steps.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { Environment } from '#platform/environment/environment.ts';
import type { TaskQueue } from '#platform/queue/task-queue.ts';
import { configHash } from './config-hash.ts';
import { getRun } from './queries.ts';

interface Resolved {
  modelId: string;
  coderId: string;
  textSourceId: string;
}

/**
 * Starts a run: its row, its first event and its first task are written together or not at all.
 * Throws AppError `invalid_config` naming the field for a model, coder, hookpoint or text that is not registered, or for
 * methods that cannot work, and `conflict` while another run of the same coder is not over, since both would write the
 * same latents.
 *
 * Whether a language model is configured is judged by the environment of whoever starts the run. The launcher gives site
 * and worker the same, and `atlas run` is its own worker. The worker's HTTP API could be asked instead, but a run may be
 * queued while no worker is up, and of several workers the one that answers need not be the one that serves the queue
 * `llm`. Where the two environments do differ, the worker's own check (require-chat) still ends the run with its reason.
 */
export async function startRun(
  server: { pool: Pool; queue: Pick<TaskQueue, 'enqueue'>; environment: MethodSettings },
  config: RunConfig,
  createdById: string | null,
): Promise<RunSummary> {
  checkMethods(config, server.environment);
  const runId = await transaction(server.pool, async (client) => {
    const resolved = await resolve(client, config);
    await refuseSecondRun(client, resolved.coderId, config);
    const { rows } = await client.query<{ id: string }>(
      `insert into runs (config, config_hash, model_id, coder_id, text_source_id, protocol, created_by_id) values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [JSON.stringify(config), configHash(config), resolved.modelId, resolved.coderId, resolved.textSourceId, config.protocol, createdById],
    );
    const id = rows[0]!.id;
    await client.query(`insert into run_events (run_id, level, event, data) values ($1, 'info', 'run_queued', '{}')`, [id]);
    await server.queue.enqueue(client, [
      { runId: BigInt(id), job: 'collect.prepare', ordinal: 0, payload: { runId: id }, unit: JOB_UNITS['collect.prepare'], amount: config.tokens },
    ]);
    return id;
  });
  return getRun(server.pool, runId);
}

/** What an instance is set up with decides what a run may ask for. */
export type MethodSettings = Pick<Environment, 'llm'> & Partial<Pick<Environment, 'surprisal'>>;

/** The part of starting that needs no database, for whoever has something costly to do first. Throws AppError `invalid_config`. */
export function checkMethods(config: RunConfig, { llm, surprisal }: MethodSettings): void {
  const refusal = refuseMethods(config, llm?.model ?? null, surprisal?.model ?? llm?.model ?? null);
  if (refusal !== null) throw new AppError('invalid_config', refusal.message, { field: refusal.field });
}

async function resolve(client: PoolClient, config: RunConfig): Promise<Resolved> {
  const models = await client.query<{ id: string }>('select id from models where slug = $1', [config.model]);
  const modelId = models.rows[0]?.id;
  if (modelId === undefined) {
    const known = await client.query<{ slug: string }>('select slug from models order by slug limit 20');
    throw unknown('model', config.model, known.rows);
  }
  const coders = await client.query<{ id: string; input_hookpoints: string[] }>(
    'select id, input_hookpoints from sparse_coders where model_id = $1 and slug = $2',
    [modelId, config.coder],
  );
  const coder = coders.rows[0];
  if (coder === undefined) {
    const known = await client.query<{ slug: string }>('select slug from sparse_coders where model_id = $1 order by slug limit 20', [modelId]);
    throw unknown('coder', config.coder, known.rows);
  }
  if (config.hookpoint !== undefined && !coder.input_hookpoints.includes(config.hookpoint)) {
    throw unknown(
      'hookpoint',
      config.hookpoint,
      coder.input_hookpoints.map((slug) => ({ slug })),
    );
  }
  const texts = await client.query<{ id: string }>('select id from text_sources where slug = $1', [config.text]);
  const textSourceId = texts.rows[0]?.id;
  if (textSourceId === undefined) {
    const known = await client.query<{ slug: string }>('select slug from text_sources order by slug limit 20');
    throw unknown('text', config.text, known.rows);
  }
  return { modelId, coderId: coder.id, textSourceId };
}

function unknown(field: 'model' | 'coder' | 'hookpoint' | 'text', given: string, known: readonly { slug: string }[]): AppError {
  const choice = known.length === 0 ? 'none is registered yet' : `choose one of ${known.map(({ slug }) => slug).join(', ')}`;
  return new AppError('invalid_config', `The ${field} “${given}” is not known here: ${choice}.`, { field });
}

/** The run of just this configuration that is not over, as one that was interrupted; null without one. */
export async function openRunOf(pool: Pool, config: RunConfig): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(
    `select r.id::text from runs r join sparse_coders c on c.id = r.coder_id join models m on m.id = c.model_id
      where m.slug = $1 and c.slug = $2 and r.config_hash = $3 and r.finished_at is null and r.failed_at is null and r.cancelled_at is null
      order by r.id desc limit 1`,
    [config.model, config.coder, configHash(config)],
  );
  return rows[0]?.id ?? null;
}

async function refuseSecondRun(client: PoolClient, coderId: string, config: RunConfig): Promise<void> {
  // Held until the transaction ends, so that two requests at once do not both find nothing.
  await client.query(`select pg_advisory_xact_lock(hashtextextended('start_run', $1::bigint))`, [coderId]);
  const { rows } = await client.query<{ id: string }>(
    'select id from runs where coder_id = $1 and finished_at is null and failed_at is null and cancelled_at is null limit 1',
    [coderId],
  );
  const [other] = rows;
  if (other !== undefined) {
    throw new AppError(
      'conflict',
      `Run ${other.id} of “${config.coder}” is not over yet, and both would write the same latents. To go on with it, leave it to the site’s worker or give its own configuration to \`atlas run\`; to end it, \`atlas cancel ${other.id}\` or its page. What it has done stays either way.`,
      { field: 'coder' },
    );
  }
}
