import type { Pool } from 'pg';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { EXPLAIN_PARAMETERS, explainLatent, type ExplainOutcome } from '#gpu-worker/explain/llm/explain.ts';
import { explainPrompt } from '#gpu-worker/explain/llm/prompt.ts';
import { answeringBatch } from '#gpu-worker/llm/answering-batch.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { promptHash } from '#gpu-worker/llm/prompt-text.ts';
import type { Example } from '#lib/example/schema.ts';
import type { TaskHandler } from '#platform/queue/types.ts';
import { insertExplanations, type NewExplanation } from './explanation-rows.ts';
import { countCauses, type LlmFailure } from './llm-failures.ts';
import { documentsOf, loadExamples } from './load-examples.ts';
import { requireChat } from './require-chat.ts';
import { loadRun, logEvent, requireFact, type RunFacts } from './run-facts.ts';
import type { WorkerServices } from './services.ts';

/** One latent's question, rendered, with the key its answer is kept under. */
interface Question {
  latent: number;
  windows: Example[];
  prompt: ChatMessage[];
  inputKey: string;
}

/** A language model's explanations for a batch of latents, from train windows alone. */
export function explainLlm(services: Pick<WorkerServices, 'pool' | 'chat'>): TaskHandler<'explain.llm'> {
  return async ({ runId, latents }, context) => {
    const chat = requireChat(services);
    const run = await loadRun(services.pool, runId);
    const questions = await questionsOf(services.pool, run, chat, latents);
    const known = await answeredKeys(services.pool, run, questions);
    const open = questions.filter(({ inputKey }) => !known.has(inputKey));
    let done = latents.length - open.length;
    context.progress(done);
    const outcomes = await answeringBatch(
      chat,
      open,
      async (client, question) => {
        const outcome = await explainLatent(client, question, EXPLAIN_PARAMETERS, context.signal);
        context.progress(Math.min(latents.length, ++done));
        return outcome;
      },
      ({ kind }) => kind === 'upstream',
      context.signal,
    );
    const explanations = open.flatMap((question, i) => explanationOf(run, chat, question, outcomes[i] as ExplainOutcome));
    const asked = new Set(questions.map(({ latent }) => latent));
    const failures = [
      ...latents
        .filter((latent) => !asked.has(latent))
        .map((latent): LlmFailure => ({ latent, cause: 'no_windows', message: 'No train window is left to show.' })),
      ...open.flatMap(({ latent }, i) => failureOf(latent, outcomes[i] as ExplainOutcome)),
    ];
    await context.commit(async (client) => {
      await insertExplanations(client, explanations);
      if (failures.length > 0) {
        await logEvent(client, run.id, {
          level: 'warn',
          stage: 'explain',
          event: 'explanations_failed',
          data: { model: chat.model, endpoint: chat.endpoint, ...countCauses(failures) },
        });
      }
      return { explained: explanations.length, reused: known.size, failed: failures.length };
    });
  };
}

async function questionsOf(pool: Pool, run: RunFacts, chat: ChatClient, latents: readonly number[]): Promise<Question[]> {
  const sampleKey = requireFact(run, 'sampleKey');
  const examples = await loadExamples(pool, run.coderId, sampleKey, latents);
  return latents.flatMap((latent) => {
    const windows = (examples.get(latent)?.examples ?? []).filter(({ split, kind }) => split === 'train' && kind === 'activating');
    if (windows.length === 0) return [];
    const prompt = explainPrompt(windows);
    const inputKey = contentKey({
      version: ALGORITHM_VERSIONS.llm,
      sample: sampleKey,
      prompt: promptHash(prompt),
      model: chat.model,
      endpoint: chat.endpoint,
      ...EXPLAIN_PARAMETERS,
    });
    return [{ latent, windows, prompt, inputKey }];
  });
}

/** Keys under which an explanation is stored already: the same question is never paid for twice. */
async function answeredKeys(pool: Pool, run: RunFacts, questions: readonly Question[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ key: string }>(
    'SELECT input_key AS key FROM explanations WHERE coder_id = $1 AND latent_index = ANY($2) AND input_key = ANY($3)',
    [String(run.coderId), questions.map(({ latent }) => latent), questions.map(({ inputKey }) => inputKey)],
  );
  return new Set(rows.map(({ key }) => key));
}

function explanationOf(run: RunFacts, chat: ChatClient, { latent, windows, inputKey }: Question, outcome: ExplainOutcome): NewExplanation[] {
  if (outcome.kind !== 'explained') return [];
  return [
    {
      coderId: run.coderId,
      latentIndex: latent,
      runId: run.id,
      method: 'llm',
      explainer: chat.model,
      text: outcome.text,
      rule: null,
      provenance: { sampleKey: requireFact(run, 'sampleKey'), split: 'train', documents: documentsOf(windows), ...outcome.provenance },
      inputKey,
    },
  ];
}

function failureOf(latent: number, outcome: ExplainOutcome): LlmFailure[] {
  switch (outcome.kind) {
    case 'explained':
      return [];
    case 'bad_answer':
      return [{ latent, cause: 'bad_answer', message: outcome.reasons.join('; ') }];
    case 'upstream':
      return [{ latent, cause: 'upstream', message: outcome.error.message }];
  }
}
