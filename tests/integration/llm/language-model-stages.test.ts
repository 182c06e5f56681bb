import { afterEach, describe, expect, it } from 'vitest';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { hasControl } from '#gpu-worker/score/detection/control.ts';
import { explainLlm } from '#gpu-worker/stages/explain-llm.ts';
import { scoreDetection } from '#gpu-worker/stages/score-detection.ts';
import { verdictsSchema } from '#lib/score/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import { startChatEndpoint, type ChatEndpoint, type ChatEndpointOptions, type DoubleMessage } from '#tests/doubles/chat-endpoint.ts';
import { plantedLatents, type PlantedLatent } from '#tests/doubles/planted.ts';
import { wordModel } from '#tests/doubles/word-model.ts';
import { seedCoder, seedExamples, suppress, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const SEED = 22;

const endpoints: ChatEndpoint[] = [];
afterEach(() => Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close())));

/** A run up to its explain stage, on latents with planted meanings, and a double to ask about them. */
async function runOn(coder: string, count: number, options: Partial<ChatEndpointOptions> = {}) {
  const planted = plantedLatents(count, SEED);
  const seeded = await seedCoder(pool, {
    model: 'planted',
    coder,
    latents: planted.map(({ index }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation: null, score: null })),
  });
  for (const { index, examples } of planted) await seedExamples(pool, seeded, index, examples);
  await pool.query(`UPDATE runs SET config = config || '{"explainers": ["llm"], "scorers": ["detection"]}', results = '{"sampleKey": "s1"}' WHERE id = $1`, [
    seeded.runId,
  ]);
  const endpoint = await startChatEndpoint({ answer: wordModel(), ...options });
  endpoints.push(endpoint);
  const chat = createOpenAiChatClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model, sleep: async () => undefined });
  return { planted, seeded, endpoint, chat };
}

async function work(
  job: typeof explainLlm | typeof scoreDetection,
  chat: ChatClient | null,
  { runId, latents }: Seeded,
  signal = new AbortController().signal,
) {
  const reported: number[] = [];
  let result: Record<string, unknown> | null = null;
  const context: TaskContext = {
    runId: BigInt(runId),
    taskId: 1n,
    fence: 1,
    signal,
    progress: (done) => void reported.push(done),
    commit: async (write) => {
      result = await transaction(pool, write);
    },
  };
  await job({ pool, chat })({ runId, latents: latents.map(({ index }) => index) }, context);
  return { result, reported };
}

const explanationsOf = async ({ coderId }: Seeded) =>
  (
    await pool.query<{ latent_index: number; text: string; method: string; explainer: string; provenance: Record<string, unknown> }>(
      'SELECT * FROM explanations WHERE coder_id = $1 ORDER BY latent_index',
      [coderId],
    )
  ).rows;
const scoresOf = async ({ coderId }: Seeded) =>
  (
    await pool.query<Record<string, unknown> & { latent_index: number; value: number; control_value: number | null; provenance: Record<string, unknown> }>(
      'SELECT * FROM scores WHERE coder_id = $1 ORDER BY latent_index',
      [coderId],
    )
  ).rows;
const eventsOf = async ({ runId }: Seeded) =>
  (
    await pool.query<{ level: string; event: string; data: { causes: Record<string, { count: number; latents: number[]; example: string }> } }>(
      'SELECT * FROM run_events WHERE run_id = $1 ORDER BY id',
      [runId],
    )
  ).rows;

/** Whether a prompt shows one of the latent's words as firing: so it asks for this latent's explanation. */
const asksFor = ({ words }: PlantedLatent, messages: DoubleMessage[]): boolean =>
  words.some((word) => messages.some(({ content }) => content.includes(`«${word}`)));

describe('explaining and detecting with a language model', () => {
  it('stores what the model said and how well it does, with everything needed to ask again', async () => {
    const { planted, seeded, endpoint, chat } = await runOn('whole', 24);
    const explained = await work(explainLlm, chat, seeded);
    expect(explained.result).toEqual({ explained: 24, reused: 0, failed: 0 });
    expect(explained.reported.at(-1)).toBe(24);
    const explanations = await explanationsOf(seeded);
    expect(explanations.length).toBe(24);
    for (const [i, { text, method, explainer, provenance }] of explanations.entries()) {
      for (const word of planted[i]!.words) expect(text).toContain(word);
      expect([method, explainer]).toEqual(['llm', endpoint.model]);
      expect(provenance).toMatchObject({
        sampleKey: 's1',
        split: 'train',
        template: 'explain-1',
        model: endpoint.model,
        endpoint: endpoint.host,
        temperature: 0,
        calls: 1,
      });
      expect((provenance['windows'] as unknown[]).length).toBe(40);
      expect(provenance['promptHash']).toMatch(/^[0-9a-f]{64}$/);
    }

    const scored = await work(scoreDetection, chat, seeded);
    expect(scored.result).toEqual({ scores: 24, reused: 0, failed: 0, windowsFailed: 0 });
    const scores = await scoresOf(seeded);
    const sampled = planted.map(({ index }) => index).filter((index) => hasControl(index, SEED));
    expect(sampled.length).toBeGreaterThan(0);
    expect(scores.filter(({ control_value }) => control_value !== null).map(({ latent_index }) => latent_index)).toEqual(sampled);
    for (const score of scores) {
      expect(score).toMatchObject({ scorer: 'detection', metric: 'balanced_accuracy', n_positives: 50, n_negatives: 50, n_failed: 0, exam: 'test' });
      expect(score.value).toBeGreaterThanOrEqual(0.95);
      if (score.control_value !== null) expect(score.control_value).toBeLessThan(0.7);
      const verdicts = verdictsSchema.parse(score['verdicts']);
      expect(verdicts.length).toBe(100);
      expect(verdicts.filter(({ right }) => right).length / 100).toBeCloseTo(score.value, 6);
      expect(score.provenance).toMatchObject({ template: 'detection-1', windowsPerPrompt: 5, calls: 20, controlShare: 0.1 });
    }
    expect(await eventsOf(seeded)).toEqual([]);
    // One call an explanation, 20 an exam, a control's exam likewise: nothing asked that was not needed.
    expect(endpoint.calls.length).toBe(24 + 20 * (24 + sampled.length));
  });

  it('never pays twice for the same question', async () => {
    const { seeded, endpoint, chat } = await runOn('twice', 3);
    for (const job of [explainLlm, scoreDetection]) await work(job, chat, seeded);
    const before = [await explanationsOf(seeded), await scoresOf(seeded), endpoint.calls.length];
    expect((await work(explainLlm, chat, seeded)).result).toEqual({ explained: 0, reused: 3, failed: 0 });
    expect((await work(scoreDetection, chat, seeded)).result).toEqual({ scores: 0, reused: 3, failed: 0, windowsFailed: 0 });
    expect([await explanationsOf(seeded), await scoresOf(seeded), endpoint.calls.length]).toEqual(before);
  });

  it('leaves a latent unexplained rather than take a bad answer, and counts why', async () => {
    const [first, second] = plantedLatents(2, SEED) as [PlantedLatent, PlantedLatent];
    const { seeded, chat } = await runOn('poisoned', 4, {
      misbehave: (_, messages) =>
        asksFor(first, messages) ? { kind: 'text', text: 'It is about many things.' } : asksFor(second, messages) ? { kind: 'status', status: 500 } : null,
    });
    expect((await work(explainLlm, chat, seeded)).result).toEqual({ explained: 2, reused: 0, failed: 2 });
    expect((await explanationsOf(seeded)).map(({ latent_index }) => latent_index)).toEqual([2, 3]);
    const [event] = await eventsOf(seeded);
    expect(event).toMatchObject({
      level: 'warn',
      event: 'explanations_failed',
      data: { failed: 2, causes: { bad_answer: { count: 1, latents: [0] }, upstream: { count: 1, latents: [1] } } },
    });
    expect(event?.data.causes['upstream']?.example).toContain('HTTP 500');
    expect((await work(scoreDetection, chat, seeded)).result).toMatchObject({ scores: 2, failed: 0 });
  });

  it('counts windows without a verdict as failed, and scores the others', async () => {
    const { planted, seeded, endpoint, chat } = await runOn('windows', 2, {
      misbehave: (_, messages) => (endpoint.calls.length > 2 && messages.at(-1)?.content.includes(poison) ? { kind: 'text', text: 'No comment.' } : null),
    });
    const poison = planted[0]!.examples
      .find(({ split }) => split === 'test')!
      .tokens.slice(2, 8)
      .join('')
      .trim();
    await work(explainLlm, chat, seeded);
    expect((await work(scoreDetection, chat, seeded)).result).toEqual({ scores: 2, reused: 0, failed: 0, windowsFailed: 1 });
    const [score] = await scoresOf(seeded);
    expect(score).toMatchObject({ n_positives: 49, n_negatives: 50, n_failed: 1, provenance: { askedAlone: 5, failures: { bad_answer: 1, upstream: 0 } } });
    expect(score?.value).toBeGreaterThan(0.95);
    expect((await eventsOf(seeded)).map(({ event }) => event)).toEqual(['detection_failed']);
  });

  it('writes nothing when the endpoint is down, so that the queue can try again', async () => {
    let down = true;
    const { seeded, chat } = await runOn('down', 3, { misbehave: () => (down ? { kind: 'status', status: 503 } : null) });
    await expect(work(explainLlm, chat, seeded)).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
    expect([await explanationsOf(seeded), await eventsOf(seeded)]).toEqual([[], []]);
    down = false;
    expect((await work(explainLlm, chat, seeded)).result).toMatchObject({ explained: 3 });
    down = true;
    await expect(work(scoreDetection, chat, seeded)).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
    expect(await scoresOf(seeded)).toEqual([]);
  });

  it('stops when told to, without writing', async () => {
    const stop = new AbortController();
    const { seeded, chat } = await runOn('stopped', 3, {
      misbehave: (call) => (call === 1 ? (stop.abort(new Error('lease lost')), { kind: 'slow', ms: null }) : null),
    });
    await expect(work(explainLlm, chat, seeded, stop.signal)).rejects.toMatchObject({ code: 'cancelled', retryable: true });
    expect(await explanationsOf(seeded)).toEqual([]);
  });

  it('does not send documents that were taken down', async () => {
    const { seeded, endpoint, chat, planted } = await runOn('takedown', 1);
    const gone = planted[0]!.examples.filter(({ document }) => document === 'train-0' || document === 'test-0');
    await suppress(pool, seeded, 'train-0');
    await suppress(pool, seeded, 'test-0');
    for (const job of [explainLlm, scoreDetection]) await work(job, chat, seeded);
    const sent = JSON.stringify(endpoint.calls.map(({ messages }) => messages));
    const texts = gone.map(({ tokens }) => tokens.slice(20, 24).join(''));
    expect(texts.length).toBe(10);
    for (const text of texts) expect(sent.replaceAll(/[«»]/g, '')).not.toContain(text);
    expect((await scoresOf(seeded))[0]).toMatchObject({ n_positives: 45, n_negatives: 50 });
  });

  it('says what to set when there is no language model', async () => {
    const { seeded } = await runOn('none', 1);
    await expect(work(explainLlm, null, seeded)).rejects.toMatchObject({ code: 'invalid_config', retryable: false, field: 'LLM_BASE_URL' });
  });
});
