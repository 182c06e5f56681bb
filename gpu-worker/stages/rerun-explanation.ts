import type { Pool } from 'pg';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import { explanationMethodSchema } from '#lib/explanation/schema.ts';
import type { StageMethod } from '#lib/explanation/methods.ts';
import { explainLexically } from '#gpu-worker/explain/lexical/explain.ts';
import type { Usage } from '#gpu-worker/llm/usage.ts';
import { explainTools } from './explain-llm.ts';
import { evidenceOf, questionOf } from './explain-questions.ts';
import { loadExplainProfiles } from './explain-profiles.ts';
import { lexicalResources, lexicalWindow } from './explain-lexical.ts';
import { loadExamples } from './load-examples.ts';
import { loadRun, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

const rowSchema = z.object({
  id: z.string(),
  coderId: z.string(),
  latent: z.number().int(),
  runId: z.string(),
  method: explanationMethodSchema,
  explainer: z.string(),
  text: z.string(),
  inputKey: z.string(),
  provenance: z.looseObject({ promptHash: z.string().optional(), endpoint: z.string().optional() }),
});

/** An explanation beside what the same question gives now. */
export interface ExplanationRerun {
  id: string;
  method: string;
  latent: number;
  /** Whether the question is the same to the letter: evidence, prompt, parameters, model and endpoint. */
  sameQuestion: boolean;
  /** What differs where it is not, a sentence each. */
  differences: string[];
  then: { text: string; explainer: string; promptHash: string | null };
  now: { text: string | null; explainer: string; promptHash: string | null; failure: string | null };
  /** Whether the text is the same to the letter. */
  agrees: boolean;
  /** Cosine of the two texts' sentence vectors; null where there is no text now. */
  similarity: number | null;
  calls: number;
  tokensIn: number | null;
  tokensOut: number | null;
}

/**
 * Makes an explanation again from its sample, past every stored answer, and says whether the same comes out. Nothing is
 * stored. Throws AppError `not_found` for an unknown one, `unsupported` for one that no program made or whose evidence is
 * gone.
 */
export async function rerunExplanation(services: RerunServices, id: string, signal?: AbortSignal): Promise<ExplanationRerun> {
  const row = await loadRow(services.pool, id);
  const run = await loadRun(services.pool, row.runId);
  const then = { text: row.text, explainer: row.explainer, promptHash: row.provenance.promptHash ?? null };
  const common = { id, method: row.method, latent: row.latent, then };
  if (row.method === 'human' || row.method === 'imported')
    throw new AppError('unsupported', `Explanation ${id} was ${row.method === 'human' ? 'entered by a person' : 'imported'}; there is nothing to make again.`, { field: 'id' }); // prettier-ignore
  const again = row.method === 'lexical' ? await lexicallyAgain(services, run, row) : await askedAgain(services, run, row, signal);
  return {
    ...common,
    ...again,
    agrees: again.now.text === row.text,
    similarity: again.now.text === null ? null : await similarityOf(services, row.text, again.now.text),
  };
}

/** What making an explanation again needs of a worker. */
export type RerunServices = Pick<WorkerServices, 'pool' | 'chat' | 'embedder' | 'cache' | 'artifacts'>;

type Row = z.infer<typeof rowSchema>;
type Again = Pick<ExplanationRerun, 'sameQuestion' | 'differences' | 'now' | 'calls' | 'tokensIn' | 'tokensOut'>;

async function loadRow(pool: Pool, id: string): Promise<Row> {
  const { rows } = await pool.query(
    `SELECT id::text, coder_id::text AS "coderId", latent_index AS latent, run_id::text AS "runId", method, explainer, text, input_key AS "inputKey", provenance
       FROM explanations WHERE id = $1`,
    [id],
  );
  if (rows.length === 0) throw new AppError('not_found', `There is no explanation ${id}: a latent's page and its JSON name them.`, { field: 'id' });
  return rowSchema.parse(rows[0]);
}

async function askedAgain(services: RerunServices, run: RunFacts, row: Row, signal?: AbortSignal): Promise<Again> {
  const method: StageMethod = row.method === 'llm' ? 'default' : (row.method as StageMethod);
  const loaded = (await loadExamples(services.pool, run.coderId, requireFact(run, 'sampleKey'), [row.latent])).get(row.latent);
  const evidence = evidenceOf(row.latent, loaded, (await loadExplainProfiles(services.pool, run, [row.latent])).get(row.latent));
  if (evidence === null || loaded === undefined) throw noEvidence(row);
  const question = questionOf(services, run, evidence, loaded, method);
  if (!('prepared' in question)) {
    const message = 'cause' in question.outcome ? question.outcome.message : '';
    throw new AppError('unsupported', `Explanation ${row.id} cannot be made again: ${message}`, { field: 'id' });
  }
  const outcome = await question.prepared.explain(explainTools(services, 'bypass'), signal);
  const explainer = question.asks && services.chat !== null ? services.chat.model : row.explainer;
  const promptHash = outcome.kind === 'explained' ? (outcome.provenance.promptHash ?? null) : null;
  const endpoint = question.asks ? (services.chat?.endpoint ?? null) : null;
  const sameQuestion = question.inputKey === row.inputKey;
  const differences = [
    ...(explainer === row.explainer ? [] : [`It was asked of ${row.explainer}, and now of ${explainer}.`]),
    ...(endpoint === null || row.provenance.endpoint === undefined || endpoint === row.provenance.endpoint ? [] : [`The endpoint was ${row.provenance.endpoint}, and is ${endpoint} now.`]), // prettier-ignore
    ...(promptHash === null || promptHash === (row.provenance.promptHash ?? null) ? [] : ['The prompt is not the same: its template, or the windows that takedowns left, have changed.']), // prettier-ignore
  ];
  const usage: Partial<Usage> = outcome.kind === 'explained' ? outcome.provenance : outcome.kind === 'bad_answer' ? outcome.usage : {};
  return {
    sameQuestion,
    differences: sameQuestion || differences.length > 0 ? differences : ['Parameters or evidence have changed.'],
    now: {
      text: outcome.kind === 'explained' ? outcome.text : null,
      explainer,
      promptHash,
      failure: outcome.kind === 'explained' ? null : outcome.kind === 'bad_answer' ? outcome.reasons.join('; ') : outcome.error.message,
    },
    calls: usage.calls ?? 0,
    tokensIn: usage.tokensIn ?? null,
    tokensOut: usage.tokensOut ?? null,
  };
}

async function lexicallyAgain(services: RerunServices, run: RunFacts, row: Row): Promise<Again> {
  const { data, tokens, background } = await lexicalResources(services, run);
  const loaded = (await loadExamples(services.pool, run.coderId, requireFact(run, 'sampleKey'), [row.latent])).get(row.latent);
  const shown = (loaded?.examples ?? []).filter(({ split, kind }) => split === 'train' && kind === 'activating');
  if (shown.length === 0) throw noEvidence(row);
  const { text } = explainLexically({ windows: shown.map((example) => lexicalWindow(data, example)), background, tokens });
  const takenDown = loaded?.takenDown.train.length ?? 0;
  return {
    sameQuestion: takenDown === 0,
    differences: takenDown === 0 ? [] : ['Documents that it was made from have been taken down.'],
    now: { text, explainer: row.explainer, promptHash: null, failure: null },
    calls: 0,
    tokensIn: 0,
    tokensOut: 0,
  };
}

const noEvidence = ({ id }: Row): AppError =>
  new AppError('unsupported', `The evidence of explanation ${id} is gone: its sample was replaced, or all of its documents were taken down.`, { field: 'id' });

async function similarityOf(services: Pick<WorkerServices, 'chat' | 'embedder'>, then: string, now: string): Promise<number> {
  const [a, b] = (await explainTools(services).embed([then, now], 'document')) as [Float32Array, Float32Array];
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
