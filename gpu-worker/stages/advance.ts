import type { PoolClient } from 'pg';
import { protocolNamed } from '#lib/example/protocol.ts';
import type { JobName } from '#lib/jobs/registry.ts';
import type { NewTask } from '#platform/queue/types.ts';
import { readDataSet, type DataSet } from '#gpu-worker/activations/data-set.ts';
import { examWindows } from '#gpu-worker/examples/exam-windows.ts';
import { embedsWindows } from './plan-sample.ts';
import { llmFigures } from './llm-figures.ts';
import { PHASES, phaseOf, planPhase, SHARD_ROWS, shardCount, stageOf } from './plan.ts';
import { runFigures } from './run-figures.ts';
import { addResults, loadRun, logEvent, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/**
 * Moves a run on when a task has been committed: when the phase it belongs to is complete, the next one with anything
 * to do is queued, in the same transaction, with the run's row locked, so that two last tasks cannot both do it or
 * neither. After the last phase the run is finished and its figures are written.
 */
export function advanceRun(services: WorkerServices, enqueue: (client: PoolClient, tasks: NewTask[]) => Promise<void>) {
  return async (client: PoolClient, runId: bigint, job: JobName): Promise<void> => {
    const run = await loadRun(client, runId);
    let phase = phaseOf(job);
    const { rows } = await client.query<{ open: number }>(
      'SELECT COUNT(*)::int AS open FROM run_tasks WHERE run_id = $1 AND job = ANY($2) AND completed_at IS NULL',
      [String(runId), PHASES[phase]],
    );
    if ((rows[0]?.open ?? 0) > 0) return;
    const stage = stageOf(phase);
    for (phase++; phase < PHASES.length; phase++) {
      const tasks = await planPhase(client, run, phase, {
        shardTokens: async () => shardTokens(await dataOf(services, run)),
        windowsToEmbed: async () => (embedsWindows(run) ? examWindows(await dataOf(services, run), protocolNamed(run.config.protocol)).length : 0),
      });
      if (tasks.length === 0) continue;
      await enqueue(client, tasks);
      if (stageOf(phase) !== stage) {
        await logEvent(client, runId, { level: 'info', stage, event: 'stage_finished' });
        await logEvent(client, runId, { level: 'info', stage: stageOf(phase), event: 'stage_started' });
      }
      return;
    }
    const figures = { ...(await runFigures(client, run)), ...(await llmFigures(client, run)) };
    await addResults(client, runId, figures);
    await client.query('UPDATE runs SET finished_at = now() WHERE id = $1', [String(runId)]);
    await logEvent(client, runId, { level: 'info', stage, event: 'stage_finished' });
    await logEvent(client, runId, { level: 'info', stage: null, event: 'run_finished', data: figures });
  };
}

function dataOf(services: WorkerServices, run: RunFacts): Promise<DataSet> {
  const key = requireFact(run, 'dataKey');
  return services.cache.get(`data:${key}`, () => readDataSet(services.artifacts, key));
}

function shardTokens(data: DataSet): number[] {
  return Array.from({ length: shardCount(data.rows) }, (_, shard) => {
    let tokens = 0;
    for (let row = shard * SHARD_ROWS; row < Math.min(data.rows, (shard + 1) * SHARD_ROWS); row++) tokens += (data.length[row] as number) - 1;
    return tokens;
  });
}
