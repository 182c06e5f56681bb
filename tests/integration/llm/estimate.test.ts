import { afterAll, expect, it } from 'vitest';
import { estimateRun } from '#gpu-worker/estimate/estimate-run.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { createRequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { countTokenFrequency, tokenCounts } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { asRun } from '#gpu-worker/stages/as-run.ts';
import { explainLlm } from '#gpu-worker/stages/explain-llm.ts';
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
const chat = createOpenAiChatClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model });
const artifacts = memoryArtifacts();
const requests = createRequestStore({ pool, artifacts, workerId: 'estimate', onError: (error) => expect.fail(String(error)) });
afterAll(async () => {
  await requests.close();
  await endpoint.close();
});
const prices = { own: [{ model: endpoint.model, in: 1, cached: 0.5, out: 2 }] };
const LATENTS = 20;

it('foresees the calls, the tokens and the money that a run then takes', async () => {
  const planted = plantedLatents(LATENTS, 22);
  const seeded = await seedCoder(pool, {
    model: 'planted',
    coder: 'estimated',
    latents: planted.map(({ index }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation: null, score: null })),
  });
  for (const { index, examples } of planted) await seedExamples(pool, seeded, index, examples);
  const asked = { explainers: ['default'], scorers: ['detection', 'fuzzing'], detectionControl: 'none', latents: { first: LATENTS }, negatives: ['random'] };
  await pool.query(`UPDATE runs SET config = config || $2::jsonb, results = '{"sampleKey": "s1"}' WHERE id = $1`, [seeded.runId, JSON.stringify(asked)]);
  const { config } = await loadRun(pool, seeded.runId);
  const estimate = () => estimateRun({ pool, chat, prices, limits: null }, config);

  const before = await estimate();
  expect(before).toMatchObject({ latents: LATENTS, seconds: null, warning: null });
  expect(before.basis.join(' ')).toContain('No call of double-1 was counted yet');

  const services = { pool, artifacts, chat, requests, prices, cache: createRunCache(2) } as Partial<WorkerServices> as WorkerServices;
  const context: TaskContext = {
    ...{ runId: BigInt(seeded.runId), taskId: 1n, fence: 1, signal: new AbortController().signal, progress: () => undefined },
    commit: async (write) => void (await transaction(pool, write)),
  };
  const payload = { runId: seeded.runId, latents: planted.map(({ index }) => index) };
  await asRun(services, explainLlm)(payload, context);
  const frequency = async () => countTokenFrequency(tokenCounts([]));
  await scoreLlm(services, { frequency })({ ...payload, scorers: ['detection', 'fuzzing'] }, context);

  const { rows } = await pool.query<{ calls: number; tokensIn: number; cost: number }>(
    'SELECT sum(calls)::int AS calls, sum(tokens_in)::float8 AS "tokensIn", sum(cost) AS cost FROM llm_run_usage WHERE run_id = $1',
    [seeded.runId],
  );
  const taken = rows[0]!;
  expect(before.total.calls).toBe(taken.calls);
  // Twelve latents were rendered of twenty; the double counts four letters a token, as was assumed.
  expect(before.total.tokensIn / taken.tokensIn).toBeCloseTo(1, 1);

  const after = await estimate();
  expect(after.total.calls).toBe(taken.calls);
  // Twelve latents speak for twenty, and their own texts are most of a prompt.
  expect(Math.abs(after.total.tokensIn / taken.tokensIn - 1)).toBeLessThan(0.05);
  expect(Math.abs(after.total.usd! / taken.cost - 1)).toBeLessThan(0.05);
  expect(after.seconds).toBeGreaterThan(0);
});

it('works by the protocol’s numbers before the coder’s first run', async () => {
  await seedCoder(pool, { model: 'planted', coder: 'untouched', latents: [] });
  const base = { model: 'planted', coder: 'untouched', text: 'speeches', tokens: 10_000, seed: 22, simulation: 'json', detectionControl: 'tenth' } as const;
  const estimate = await estimateRun(
    { pool, chat, prices, limits: { requestsPerMinute: 10, tokensPerMinute: null } },
    { ...base, protocol: 'paper', latents: { first: 5 }, explainers: ['lexical', 'default'], scorers: ['embedding', 'detection'], budget: { usd: 0.001 } },
  );
  // An explanation; two exams of 200 windows, five a prompt; a tenth of them twice more as controls.
  expect(estimate.byPurpose.map(({ purpose, calls }) => [purpose, calls])).toEqual([
    ['explain.default', 5],
    ['score.detection', 5 * 2 * 40],
    ['score.detection.control', 5 * 2 * 8],
  ]);
  expect(estimate.basis.join(' ')).toContain('made up by the numbers of protocol paper');
  expect(estimate.warning).toContain('budget');
});

it('takes nothing where no language model is configured, and says what is not in it', async () => {
  const config = { model: 'planted', coder: 'untouched', text: 'speeches', tokens: 10_000, seed: 22, simulation: 'json', detectionControl: 'tenth' } as const;
  expect(
    await estimateRun({ pool, chat: null, prices, limits: null }, { ...config, protocol: 'atlas', latents: 'all', explainers: ['lexical'], scorers: ['rule'] }),
  ).toMatchObject({ model: null, total: { calls: 0, usd: 0 } });
  const read = await estimateRun(
    { pool, chat, prices, limits: null },
    { ...config, protocol: 'atlas', latents: { first: 5 }, explainers: ['default'], scorers: ['simulation', 'surprisal'], simulation: 'likelihood' },
  );
  expect(read.byPurpose.map(({ purpose }) => purpose)).toEqual(['explain.default']);
  expect(read.basis.join(' ')).toContain('Reading for simulation and surprisal');
});
