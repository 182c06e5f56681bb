import { afterAll, expect, it } from 'vitest';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { createRequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { countTokenFrequency, tokenCounts } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { asRun } from '#gpu-worker/stages/as-run.ts';
import { collectPrepare } from '#gpu-worker/stages/collect-prepare.ts';
import { explainLlm } from '#gpu-worker/stages/explain-llm.ts';
import { llmFigures } from '#gpu-worker/stages/llm-figures.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { loadRun } from '#gpu-worker/stages/run-facts.ts';
import { scoreLlm } from '#gpu-worker/stages/score-llm.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import { startChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { plantedLatents } from '#tests/doubles/planted.ts';
import { wordModel } from '#tests/doubles/word-model.ts';
import { seedCoder, seedExamples } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const endpoint = await startChatEndpoint({ answer: wordModel() });
const artifacts = memoryArtifacts();
const chat = createOpenAiChatClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model });
const requests = createRequestStore({ pool, artifacts, workerId: 'budget', inHand: 16, onError: (error) => expect.fail(String(error)) });
afterAll(async () => {
  await requests.close();
  await endpoint.close();
});

const LATENTS = 12;
const planted = plantedLatents(LATENTS, 22);
const services = {
  ...{ pool, artifacts, chat, requests, cache: createRunCache(2) },
  prices: { own: [{ model: endpoint.model, in: 1, cached: 0.5, out: 2 }] },
} as Partial<WorkerServices> as WorkerServices;
const latents = planted.map(({ index }) => index);
const seeded = await seedCoder(pool, {
  model: 'planted',
  coder: 'budgeted',
  latents: planted.map(({ index }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation: null, score: null })),
});
for (const { index, examples } of planted) await seedExamples(pool, seeded, index, examples);

/** The run with another budget, as its stages are worked on: the same row, since its latents are. */
async function runWith(budget: Record<string, number> | null) {
  const config = { explainers: ['default'], scorers: ['detection'], detectionControl: 'none', negatives: ['random'] };
  await pool.query(`UPDATE runs SET config = (config || $2::jsonb) - $3::text[], results = '{"sampleKey": "s1"}' WHERE id = $1`, [
    seeded.runId,
    JSON.stringify(budget === null ? config : { ...config, budget }),
    budget === null ? ['budget'] : [],
  ]);
  const context: TaskContext = {
    ...{ runId: BigInt(seeded.runId), taskId: 1n, fence: 1, signal: new AbortController().signal, progress: () => undefined },
    commit: async (write) => void (await transaction(pool, write)),
  };
  await asRun(services, explainLlm)({ runId: seeded.runId, latents }, context);
  const frequency = async () => countTokenFrequency(tokenCounts([]));
  await scoreLlm(services, { frequency })({ runId: seeded.runId, latents, scorers: ['detection'] }, context);
  const run = await loadRun(pool, seeded.runId);
  return (await transaction(pool, (client) => llmFigures(client, run))) as {
    llm: {
      calls: number;
      cost: number;
      tokensIn: number;
      tokensOut: number;
      stopped: { ready: number; explained: number; scored: number; message: string } | null;
    };
  };
}
const countOf = async (table: 'explanations' | 'scores', where = 'true') =>
  (await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE coder_id = $1 AND ${where}`, [seeded.coderId])).rows[0]!.n;

it('a spent budget ends the asking, keeps what was paid for, says how far it came, and a larger one goes on from there', async () => {
  const some = await runWith({ tokens: 120_000 });
  expect(some.llm.tokensIn + some.llm.tokensOut).toBeLessThanOrEqual(120_000);
  const [explained, scored] = [await countOf('explanations'), await countOf('scores')];
  expect(explained).toBe(LATENTS);
  expect(scored).toBeGreaterThan(0);
  expect(scored).toBeLessThan(LATENTS);
  // An exam that could not be paid for is no failed exam.
  expect(await countOf('scores', 'failure IS NOT NULL OR n_failed > 0')).toBe(0);
  expect(some.llm.stopped).toMatchObject({ ready: LATENTS, explained, scored });
  expect(some.llm.stopped?.message).toMatch(/has spent [\d,]+ of 120,000 tokens.*raise budget.*Of 12 latents/);
  const events = await pool.query(`SELECT 1 FROM run_events WHERE run_id = $1 AND event = 'budget_spent'`, [seeded.runId]);
  expect(events.rowCount).toBe(1);

  const made = endpoint.calls.length;
  const whole = await runWith(null);
  expect(await countOf('scores', 'failure IS NULL')).toBe(LATENTS);
  const prompts = endpoint.calls.map(({ messages }) => JSON.stringify(messages));
  expect(new Set(prompts).size).toBe(prompts.length);
  expect(whole.llm.calls).toBe(endpoint.calls.length);
  expect(endpoint.calls.length).toBeGreaterThan(made);
});

it('a budget in money is refused where the price is not known, before anything is asked', async () => {
  const made = endpoint.calls.length;
  await pool.query(`UPDATE runs SET config = config || '{"budget": {"usd": 1}}' WHERE id = $1`, [seeded.runId]);
  const context = { runId: BigInt(seeded.runId), signal: new AbortController().signal } as Partial<TaskContext> as TaskContext;
  const unpriced = { ...services, prices: { own: [] } };
  await expect(asRun(unpriced, explainLlm)({ runId: seeded.runId, latents }, context)).rejects.toMatchObject({ code: 'invalid_config', field: 'budget.usd' });
  // Already before the text is read, in the run's first step.
  await expect(collectPrepare(unpriced)({ runId: seeded.runId }, context)).rejects.toMatchObject({ field: 'budget.usd' });
  expect(endpoint.calls.length).toBe(made);
});
