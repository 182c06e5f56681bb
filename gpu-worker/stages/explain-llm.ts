import type { Pool } from 'pg';
import type { ExplainOutcome, ExplainTools } from '#gpu-worker/explain/explainer.ts';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import { answeringBatch } from '#gpu-worker/llm/answering-batch.ts';
import { codeVersion } from '#platform/code-version.ts';
import type { TaskContext, TaskHandler } from '#platform/queue/types.ts';
import { failed, explainQuestions, type Question } from './explain-questions.ts';
import { writeAttempts, type Attempt } from './explanation-attempts.ts';
import { insertExplanations, type NewExplanation } from './explanation-rows.ts';
import { countCauses, type LlmFailure } from './llm-failures.ts';
import { documentsOf } from './load-examples.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, logEvent, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

type Services = Pick<WorkerServices, 'pool' | 'chat' | 'embedder'>;

/** All explanations but the lexical baseline's for a batch of latents, from train windows and statistics alone. */
export function explainLlm(services: Services): TaskHandler<'explain.llm'> {
  return async ({ runId, latents }, context) => {
    const run = await loadRun(services.pool, runId);
    const { questions, settled } = await explainQuestions(services, run, latents);
    const known = await answeredKeys(services.pool, run, questions);
    // Two explainers may come to the same question; it is asked once.
    const open = [
      ...new Map(questions.filter(({ latent, inputKey }) => !known.has(`${latent} ${inputKey}`)).map((q) => [`${q.latent} ${q.inputKey}`, q])).values(),
    ];
    const outcomes = await answersTo(services, open, latents.length, context);
    const explanations = open.flatMap((question, i) => explanationOf(services, run, question, outcomes[i] as ExplainOutcome));
    const outcomeOf = new Map(open.map(({ latent, inputKey }, i) => [`${latent} ${inputKey}`, outcomes[i] as ExplainOutcome]));
    const attempts = [...settled, ...questions.map((question) => attemptOf(question, outcomeOf.get(`${question.latent} ${question.inputKey}`) ?? null))];
    const failures = attempts.flatMap(failureOf);
    await context.commit(async (client) => {
      await insertExplanations(client, explanations);
      await writeAttempts(client, run, attempts);
      if (failures.length > 0) {
        await logEvent(client, run.id, {
          level: 'warn',
          stage: 'explain',
          event: 'explanations_failed',
          data: { ...(services.chat && { model: services.chat.model, endpoint: services.chat.endpoint }), ...countCauses(failures) },
        });
      }
      return {
        explained: explanations.length,
        reused: questions.filter(({ latent, inputKey }) => known.has(`${latent} ${inputKey}`)).length,
        failed: attempts.filter(({ outcome }) => 'cause' in outcome).length,
      };
    });
  };
}

/** Keys under which an explanation is stored already: the same question is never paid for twice. */
async function answeredKeys(pool: Pool, run: RunFacts, questions: readonly Question[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ latent: number; key: string }>(
    'SELECT latent_index AS latent, input_key AS key FROM explanations WHERE coder_id = $1 AND latent_index = ANY($2) AND input_key = ANY($3)',
    [String(run.coderId), questions.map(({ latent }) => latent), questions.map(({ inputKey }) => inputKey)],
  );
  return new Set(rows.map(({ latent, key }) => `${latent} ${key}`));
}

/** What came of each question, in their order; those to a language model are asked as many at once as it takes. */
async function answersTo(services: Services, open: readonly Question[], latents: number, context: TaskContext): Promise<ExplainOutcome[]> {
  let done = 0;
  // What the endpoint failed is worked on twice.
  const tick = (): void => context.progress(Math.floor((Math.min(open.length, ++done) / open.length) * latents));
  const tools = explainTools(services);
  const outcomes = new Map<Question, ExplainOutcome>();
  for (const question of open) {
    if (question.asks) continue;
    outcomes.set(question, await question.prepared.explain(tools, context.signal));
    tick();
  }
  const asking = open.filter(({ asks }) => asks);
  if (asking.length > 0) {
    const answers = await answeringBatch(
      requireChat(services),
      asking,
      async (chat, { prepared }) => {
        const outcome = await prepared.explain({ ...tools, chat }, context.signal);
        tick();
        return outcome;
      },
      (outcome) => outcome.kind === 'upstream' && outcome.error.code !== 'budget_spent',
      context.signal,
    );
    for (const [i, question] of asking.entries()) outcomes.set(question, answers[i] as ExplainOutcome);
  }
  return open.map((question) => outcomes.get(question) as ExplainOutcome);
}

/** What explainers work with, in a worker. */
export function explainTools({ chat, embedder }: Pick<Services, 'chat' | 'embedder'>, cache: ExplainTools['cache'] = 'use'): ExplainTools {
  return { chat, cache, embed: async (texts, side) => rowsOf(await (await embedder()).embed(texts, side), texts.length) };
}

const rowsOf = (vectors: Awaited<ReturnType<Embedder['embed']>>, count: number): Float32Array[] =>
  Array.from({ length: count }, (_, i) => vectors.subarray((i * vectors.length) / count, ((i + 1) * vectors.length) / count));

function explanationOf({ chat }: Services, run: RunFacts, { latent, method, asks, prepared, inputKey }: Question, outcome: ExplainOutcome): NewExplanation[] {
  if (outcome.kind !== 'explained') return [];
  const { provenance, text } = outcome;
  return [
    {
      coderId: run.coderId,
      latentIndex: latent,
      runId: run.id,
      method,
      explainer: asks && chat !== null ? chat.model : provenance.template,
      text,
      rule: null,
      provenance: { sampleKey: requireFact(run, 'sampleKey'), split: 'train', documents: documentsOf(prepared.shown), code: codeVersion(), ...provenance },
      inputKey,
    },
  ];
}

/** `outcome`: null where the explanation was there before. */
function attemptOf({ latent, asked, method, reason, inputKey }: Question, outcome: ExplainOutcome | null): Attempt {
  const of = { latent, asked, method, reason };
  if (outcome?.kind === 'bad_answer') return failed(of, 'bad_answer', outcome.reasons.join('; '));
  if (outcome?.kind === 'upstream') return failed(of, outcome.error.code === 'budget_spent' ? 'budget_spent' : 'upstream', outcome.error.message);
  return { ...of, outcome: { inputKey } };
}

/** A latent that statistics say not to explain, or that a method does not fit, is no fault to warn of. */
function failureOf({ latent, outcome }: Attempt): LlmFailure[] {
  if (!('cause' in outcome) || outcome.cause === 'not_explainable' || outcome.cause === 'unfit') return [];
  return [{ latent, cause: outcome.cause, message: outcome.message }];
}
