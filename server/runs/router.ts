import { z } from 'zod';
import { runEstimateSchema } from '#lib/llm/estimate.ts';
import { publicRunSchema } from '#lib/run/public.ts';
import { runConfigSchema, runEventSchema, runSummarySchema } from '#lib/run/schema.ts';
import { actorUser } from '#server/access/actor.ts';
import { procedure, router } from '#server/api/trpc.ts';
import { cancelRun } from './cancel.ts';
import { estimateRun } from './estimate.ts';
import { runOptions, runOptionsSchema } from './options.ts';
import { currentRun, getRun, listRuns, runEvents } from './queries.ts';
import { startRun } from './start.ts';

const runIdSchema = z
  .string()
  .regex(/^[1-9][0-9]{0,17}$/, 'must be a positive whole number')
  .describe('A run’s id');
const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  before: runIdSchema.optional().describe('Only runs older than this one'),
});

export const runsRouter = router({
  list: procedure('runs.watch', { method: 'GET', path: '/runs', tags: ['Runs'], summary: 'Runs, newest first' })
    .input(pageSchema)
    .output(z.object({ runs: z.array(publicRunSchema) }))
    .query(async ({ ctx: { server }, input }) => ({ runs: await listRuns(server.pool, input) })),

  get: procedure('runs.watch', { method: 'GET', path: '/runs/{run}', tags: ['Runs'], summary: 'One run and the progress of its stages' })
    .input(z.object({ run: runIdSchema }))
    .output(publicRunSchema)
    .query(({ ctx: { server }, input }) => getRun(server.pool, input.run)),

  current: procedure('runs.watch', { method: 'GET', path: '/current-run', tags: ['Runs'], summary: 'The run that is going on, if any' })
    .input(
      z.object({ model: z.string().optional().describe('Only a run of this model'), coder: z.string().optional().describe('Only a run of a coder so called') }),
    )
    .output(z.object({ run: publicRunSchema.nullable() }))
    .query(async ({ ctx: { server }, input }) => ({ run: await currentRun(server.pool, input) })),
});

export const adminRunsRouter = router({
  list: procedure('runs.manage', {
    method: 'GET',
    path: '/admin/runs',
    tags: ['Administration'],
    summary: 'Runs with their configuration and failure, newest first',
  })
    .input(pageSchema)
    .output(z.object({ runs: z.array(runSummarySchema) }))
    .query(async ({ ctx: { server }, input }) => ({ runs: await listRuns(server.pool, input) })),

  get: procedure('runs.manage', { method: 'GET', path: '/admin/runs/{run}', tags: ['Administration'], summary: 'One run with its configuration and failure' })
    .input(z.object({ run: runIdSchema }))
    .output(runSummarySchema)
    .query(({ ctx: { server }, input }) => getRun(server.pool, input.run)),

  events: procedure('runs.manage', { method: 'GET', path: '/admin/runs/{run}/log', tags: ['Administration'], summary: 'A run’s log, oldest first' })
    .input(
      z.object({
        run: runIdSchema,
        after: z
          .string()
          .regex(/^[0-9]{1,18}$/)
          .default('0')
          .describe('Only what came after this event'),
        limit: z.coerce.number().int().min(1).max(1000).default(200),
      }),
    )
    .output(z.object({ events: z.array(runEventSchema) }))
    .query(async ({ ctx: { server }, input }) => {
      await getRun(server.pool, input.run);
      return { events: await runEvents(server.pool, input.run, input) };
    }),

  options: procedure('runs.manage', { method: 'GET', path: '/admin/run-options', tags: ['Administration'], summary: 'What a run can be started on' })
    .input(z.object({}))
    .output(runOptionsSchema)
    .query(({ ctx: { server } }) => runOptions(server.pool, server.environment)),

  estimate: procedure('runs.manage', {
    method: 'POST',
    path: '/admin/run-estimates',
    tags: ['Administration'],
    summary: 'What a run would take of the language model; none is started',
  })
    .input(runConfigSchema)
    .output(runEstimateSchema)
    .mutation(({ ctx: { server }, input }) => estimateRun(server.environment, input)),

  start: procedure('runs.manage', { method: 'POST', path: '/admin/runs', tags: ['Administration'], summary: 'Start a run' })
    .input(runConfigSchema)
    .output(runSummarySchema)
    .mutation(({ ctx: { server, actor }, input }) => startRun(server, input, actorUser(actor)?.id ?? null)),

  cancel: procedure('runs.manage', {
    method: 'POST',
    path: '/admin/runs/{run}/cancel',
    tags: ['Administration'],
    summary: 'Cancel a run; what it has finished stays',
  })
    .input(z.object({ run: runIdSchema }))
    .output(runSummarySchema)
    .mutation(({ ctx: { server }, input }) => cancelRun(server, input.run)),
});
