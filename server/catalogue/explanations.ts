import type { Pool } from 'pg';
import { z } from 'zod';
import { PROTOCOL_NAMES } from '#lib/example/protocol.ts';
import { sampleRecordSchema } from '#lib/example/sample-record.ts';
import { type ExplanationAttempt, explanationAttemptSchema, type ExplanationView } from '#lib/explanation/schema.ts';
import { scoreFiguresSchema, scoreSchema, type ScoreView, type TakenScoreView } from '#lib/score/schema.ts';
import { standingScores, type TakenScore } from '#lib/score/standing.ts';
import { madeFromTakenDown } from '#platform/database/takedowns.ts';
import { moderatedAway } from '#platform/database/withheld.ts';
import { precisionsOf } from './precisions.ts';
import { toMethod } from './rows.ts';

const provenanceSchema = z.record(z.string(), z.unknown());

export interface ScoreDbRow {
  id: string;
  explanation_id: string | null;
  scorer: string;
  metric: string;
  value: number | null;
  lower: number | null;
  upper: number | null;
  control_value: number | null;
  control_lower: number | null;
  control_upper: number | null;
  n_positives: number;
  n_negatives: number;
  n_failed: number;
  failure: string | null;
  control_missing: string | null;
  parts: unknown;
  exam: string;
  created_at: Date;
  provenance: unknown;
}

/** Provenance without what is long: the keys of raw answers, and what was asked in which group. */
export const SCORE_COLUMNS = `s.id, s.explanation_id, s.scorer, s.metric, s.value, s.lower, s.upper, s.control_value, s.control_lower, s.control_upper,
  s.n_positives, s.n_negatives, s.n_failed, s.failure, s.provenance->>'controlMissing' as control_missing, s.parts, s.exam, s.created_at,
  s.provenance - 'raw' - 'groups' #- '{control,raw}' #- '{blank,raw}' as provenance`;

export function toScore(row: ScoreDbRow): ScoreView {
  return scoreSchema.parse({
    id: row.id,
    explanationId: row.explanation_id,
    scorer: row.scorer,
    metric: row.metric,
    value: row.value,
    lower: row.lower,
    upper: row.upper,
    control: row.control_value === null ? null : { value: row.control_value, lower: row.control_lower, upper: row.control_upper },
    controlMissing: row.control_value === null ? row.control_missing : null,
    nPositives: row.n_positives,
    nNegatives: row.n_negatives,
    nFailed: row.n_failed,
    failure: row.failure,
    parts: scoreFiguresSchema.parse(row.parts),
    exam: row.exam,
    createdAt: row.created_at.toISOString(),
    provenance: provenanceSchema.parse(row.provenance),
  });
}

/** Of a run that is gone, the default. */
const protocolOf = (name: string | null): ExplanationView['protocol'] => z.enum(PROTOCOL_NAMES).parse(name ?? 'atlas');

interface ExplanationDbRow {
  id: string;
  method: string;
  explainer: string;
  text: string;
  run_id: string;
  created_at: Date;
  provenance: unknown;
  withheld: boolean;
  pending: boolean;
  protocol: string | null;
  record: unknown;
}

/**
 * All explanations of a latent, those that runs made before what people entered, those of protocol atlas before others and newest first, each with its scores, newest first; the scores of the latent itself likewise;
 * and how many explanations are withheld because a document that they were made from was taken down.
 */
export async function explanationsOf(
  pool: Pool,
  coderId: string,
  index: number,
): Promise<{ explanations: ExplanationView[]; scores: TakenScoreView[]; withheld: number }> {
  const [explanations, scores, precisions] = await Promise.all([
    pool.query<ExplanationDbRow>(
      `select x.id, x.method, x.explainer, x.text, x.run_id, x.created_at, x.provenance, ${madeFromTakenDown('x')} as withheld, r.protocol, b.record,
         x.method in ('human', 'imported') and exists (
           select 1 from run_tasks t where t.job = 'score.entered' and t.completed_at is null and t.payload->'explanations' ? x.id::text
              and t.run_id in (x.run_id, (select l.run_id from latents l where l.coder_id = x.coder_id and l.index = x.latent_index))) as pending
       from explanations x left join runs r on r.id = x.run_id
       left join example_blobs b on b.coder_id = x.coder_id and b.latent_index = x.latent_index and b.sample_key = x.provenance->>'sampleKey'
       where x.coder_id = $1 and x.latent_index = $2 and not ${moderatedAway('x')} order by x.method = 'human', (r.protocol is distinct from 'atlas'), x.id desc`,
      [coderId, index],
    ),
    pool.query<ScoreDbRow & { exam_hash: string | null; unanswered: boolean }>(
      `select ${SCORE_COLUMNS}, s.provenance->>'promptsHash' as exam_hash, s.value is null and s.provenance ? 'failures' as unanswered
       from scores s where s.coder_id = $1 and s.latent_index = $2 order by s.id desc`,
      [coderId, index],
    ),
    precisionsOf(pool, coderId, index),
  ]);
  const byExplanation = new Map<string | null, { score: ScoreView; taken: TakenScore }[]>();
  for (const row of scores.rows) {
    const own = byExplanation.get(row.explanation_id) ?? [];
    byExplanation.set(row.explanation_id, own);
    const score = toScore(row);
    own.push({ score, taken: { ...score, examHash: row.exam_hash, unanswered: row.unanswered } });
  }
  const scoresOf = (id: string | null): TakenScoreView[] => {
    const own = byExplanation.get(id) ?? [];
    const standing = standingScores(own.map(({ taken }) => taken));
    return own.map(({ score }) => ({ ...score, current: standing.has(score.id) }));
  };
  const shown = explanations.rows.filter((row) => !row.withheld);
  const views = shown.map((row) => ({
    id: row.id,
    method: toMethod(row.method),
    explainer: row.explainer,
    text: row.text,
    baseline: row.method === 'lexical',
    runId: row.run_id,
    protocol: protocolOf(row.protocol),
    overlap: row.record === null ? null : sampleRecordSchema.parse(row.record).overlap,
    createdAt: row.created_at.toISOString(),
    provenance: provenanceSchema.parse(row.provenance),
    pending: row.pending,
    scores: scoresOf(row.id),
    precisions: precisions.get(row.id) ?? [],
  }));
  return { explanations: views, scores: scoresOf(null), withheld: explanations.rows.length - shown.length };
}

/** What came of each explainer that a run asked of a latent; the baseline, which always has something to say, left out. */
export async function attemptsOf(pool: Pool, { coderId, index, runId }: { coderId: string; index: number; runId: string }): Promise<ExplanationAttempt[]> {
  const { rows } = await pool.query(
    `select asked, method, reason, cause, message from explanation_attempts
      where coder_id = $1 and latent_index = $2 and run_id = $3 and asked <> 'lexical' order by asked`,
    [coderId, index, runId],
  );
  return z.array(explanationAttemptSchema).parse(rows);
}
