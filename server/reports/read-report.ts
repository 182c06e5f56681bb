import type { Pool } from 'pg';
import { z } from 'zod';
import { reportFigures } from '#lib/report/build.ts';
import type { Observation } from '#lib/report/observation.ts';
import { delphiPooledSchema, type RunReport } from '#lib/report/schema.ts';
import { precisionFiguresSchema, precisionScorerSchema, type PrecisionLine } from '#lib/score/precision.ts';
import { precisionLines } from '#lib/score/precision-lines.ts';
import { metricSchema, scorePartsSchema, scorerSchema } from '#lib/score/schema.ts';
import { latentsWanted } from '#lib/run/wanted-latents.ts';
import { madeFromTakenDown } from '#platform/database/takedowns.ts';
import { getRun } from '#server/runs/queries.ts';

/** A run's report, and the scores that it and its figures were made from. */
export interface ReadReport {
  report: RunReport;
  observations: Observation[];
}

interface RunFacts {
  coderId: string;
  sampleKey: string | null;
  /** Latents that the run was asked to look at; null for all. Others may have been sampled under the same key by other runs. */
  wanted: number[] | null;
}

/**
 * Everything a run says about itself, from the explanations that it asked for (its own and those that stood already) and
 * the scores that stand for them. What was made from documents taken down since is left out. Throws AppError `not_found`.
 */
export async function readReport(pool: Pool, runId: string): Promise<ReadReport> {
  const run = await getRun(pool, runId);
  const { rows } = await pool.query<Pick<RunFacts, 'coderId' | 'sampleKey'> & { width: number }>(
    `select r.coder_id::text as "coderId", r.results->>'sampleKey' as "sampleKey", c.width from runs r join sparse_coders c on c.id = r.coder_id where r.id = $1`,
    [runId],
  );
  const [{ width, ...found }] = rows as [(typeof rows)[number]];
  const facts: RunFacts = { ...found, wanted: latentsWanted(run.config, width) };
  const [observations, latents, explained, precision, failures, cost] = await Promise.all([
    readObservations(pool, runId, facts),
    readLatents(pool, facts),
    readExplained(pool, runId, facts),
    readPrecision(pool, runId, facts),
    readFailures(pool, runId, facts),
    readCost(pool, runId),
  ]);
  const tokens = z.number().nullable().catch(null).parse(run.results['tokens']);
  return {
    observations,
    report: {
      version: 1,
      run: {
        ...{ id: run.id, model: run.model, coder: run.coder, text: run.text, protocol: run.protocol, state: run.state, startedAt: run.startedAt, tokens },
        seconds: run.startedAt && run.finishedAt ? (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000 : null,
        config: run.config,
      },
      coverage: { latents, explained },
      ...reportFigures(observations),
      precision,
      delphiPooled: delphiPooledSchema.nullable().parse(run.results['delphiPooled'] ?? null),
      failures,
      cost,
    },
  };
}

const observationSchema = z.object({
  latent: z.number().int(),
  method: z.string().nullable(),
  scorer: scorerSchema,
  metric: metricSchema,
  value: z.number().nullable(),
  lower: z.number().nullable(),
  control: z.number().nullable(),
  nFailed: z.number().int(),
  frequency: z.number(),
  parts: scorePartsSchema,
});

/** The explanations that came of a run, with what it asked for. */
const ASKED = `select a.asked, e.id, e.coder_id, e.latent_index, e.explainer from explanation_attempts a
  join explanations e on e.coder_id = a.coder_id and e.latent_index = a.latent_index and e.input_key = a.input_key
  where a.coder_id = $1 and a.run_id = $2 and not ${madeFromTakenDown('e')}`;

/** A score of a scorer that judges the latent, taken on the run's sample. */
const OF_LATENT = `s.explanation_id is null and s.provenance->>'sampleKey' = $3 and ($4::int[] is null or s.latent_index = any($4))`;

/**
 * The score of each explanation and scorer that stands for the run: its own, else one that it found taken, by an earlier run
 * or any; the same explanation may have been judged otherwise since. One that only lacked answers stands behind one that had them.
 * What sits the reserve, as imported explanations do beside the scores they came with, is of another exam and no run's.
 */
const STANDING = `asked as (${ASKED}), taken as (
    select asked.asked as method, s.* from scores s join asked on asked.coder_id = s.coder_id and asked.id = s.explanation_id where s.coder_id = $1
      and s.exam = 'test'
    union all select null, s.* from scores s where s.coder_id = $1 and ${OF_LATENT}),
  standing as (
    select distinct on (t.scorer, t.method, t.latent_index) t.* from taken t
     order by t.scorer, t.method, t.latent_index, (t.run_id = $2) desc, (t.value is null and t.provenance ? 'failures'), (t.run_id < $2) desc, t.id desc)`;

async function readObservations(pool: Pool, runId: string, { coderId, sampleKey, wanted }: RunFacts): Promise<Observation[]> {
  const { rows } = await pool.query(
    `with ${STANDING}
     select t.latent_index as latent, t.method, t.scorer, t.metric, t.value, t.lower, t.control_value as control,
       t.n_failed as "nFailed", t.parts, l.frequency
     from standing t join latents l on l.coder_id = t.coder_id and l.index = t.latent_index
     order by t.scorer, t.method, t.latent_index`,
    [coderId, runId, sampleKey, wanted],
  );
  return z.array(observationSchema).parse(rows);
}

async function readLatents(pool: Pool, { coderId, sampleKey, wanted }: RunFacts): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ status: string; n: number }>(
    `select status::text, count(*)::int as n from example_blobs
       where coder_id = $1 and sample_key = $2 and ($3::int[] is null or latent_index = any($3)) group by 1
     union all select 'dead', count(*)::int from latents
       where coder_id = $1 and status = 'dead' and $2::text is not null and ($3::int[] is null or index = any($3)) order by 2 desc`,
    [coderId, sampleKey, wanted],
  );
  return Object.fromEntries(rows.filter(({ n }) => n > 0).map(({ status, n }) => [status, n]));
}

async function readExplained(pool: Pool, runId: string, { coderId }: RunFacts): Promise<RunReport['coverage']['explained']> {
  const { rows } = await pool.query<{ method: string; explainers: string[]; latents: number }>(
    `with asked as (${ASKED}) select asked as method, array_agg(distinct explainer order by explainer) as explainers,
       count(distinct latent_index)::int as latents from asked group by 1 order by 1`,
    [coderId, runId],
  );
  return rows;
}

const measuredSchema = z.array(z.object({ method: z.string(), scorer: precisionScorerSchema, figures: precisionFiguresSchema }));

async function readPrecision(pool: Pool, runId: string, { coderId }: RunFacts): Promise<PrecisionLine[]> {
  const { rows } = await pool.query(
    `with asked as (${ASKED}) select distinct on (p.scorer, asked.asked, p.latent_index) asked.asked as method, p.scorer, p.figures
       from precisions p join asked on asked.coder_id = p.coder_id and asked.id = p.explanation_id
      order by p.scorer, asked.asked, p.latent_index, (p.run_id = $2) desc, (p.run_id < $2) desc, p.id desc`,
    [coderId, runId],
  );
  return precisionLines(measuredSchema.parse(rows).map(({ figures, ...rest }) => ({ ...rest, ...figures })));
}

async function readFailures(pool: Pool, runId: string, { coderId, sampleKey, wanted }: RunFacts): Promise<RunReport['failures']> {
  const { rows } = await pool.query<RunReport['failures'][number]>(
    `with ${STANDING}
     select 'explain' as stage, a.asked as what, a.cause, count(*)::int as n from explanation_attempts a
       where a.coder_id = $1 and a.run_id = $2 and a.cause is not null group by 2, 3
     union all
     -- An explanation that was asked for in two ways has one score.
     select 'score', s.scorer, f.key, sum(f.value::int)::int from (select distinct on (id) id, scorer, provenance from standing) s,
       lateral jsonb_each_text(case when jsonb_typeof(s.provenance->'failures') = 'object' then s.provenance->'failures' else '{}' end) f
       group by 2, 3 having sum(f.value::int) > 0
     order by 1, 2, 3`,
    [coderId, runId, sampleKey, wanted],
  );
  return rows;
}

async function readCost(pool: Pool, runId: string): Promise<RunReport['cost']> {
  const { rows } = await pool.query<{ calls: string; tokens_in: string; tokens_out: string; cost: number; unpriced: string }>(
    `select coalesce(sum(calls), 0) as calls, coalesce(sum(tokens_in), 0) as tokens_in, coalesce(sum(tokens_out), 0) as tokens_out,
       coalesce(sum(cost), 0) as cost, coalesce(sum(unpriced), 0) as unpriced from llm_run_usage where run_id = $1`,
    [runId],
  );
  const [usage] = rows;
  return {
    calls: Number(usage?.calls ?? 0),
    tokensIn: Number(usage?.tokens_in ?? 0),
    tokensOut: Number(usage?.tokens_out ?? 0),
    usd: Number(usage?.unpriced ?? 0) > 0 ? null : (usage?.cost ?? 0),
  };
}
