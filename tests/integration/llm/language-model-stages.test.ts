import { afterEach, describe, expect, it } from 'vitest';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { hasControl } from '#gpu-worker/score/control.ts';
import { countTokenFrequency, tokenCounts } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { explainLlm } from '#gpu-worker/stages/explain-llm.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { scoreLlm } from '#gpu-worker/stages/score-llm.ts';
import { scoreFiguresSchema, verdictsSchema } from '#lib/score/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import { startChatEndpoint, type ChatEndpoint, type ChatEndpointOptions, type DoubleMessage } from '#tests/doubles/chat-endpoint.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { plantedLatents, type PlantedLatent } from '#tests/doubles/planted.ts';
import { wordModel } from '#tests/doubles/word-model.ts';
import { seedCoder, seedExamples, suppress, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase();
const SEED = 22;
/** Every word of the planted vocabulary is as frequent as any other, near enough. */
const FREQUENCY = countTokenFrequency(tokenCounts([]));
/** Nothing is read from artifacts where frequencies are given. */
const MATERIAL = { artifacts: memoryArtifacts(), cache: createRunCache(2), completions: null, requests: null, prices: { own: [] } };

const endpoints: ChatEndpoint[] = [];
afterEach(async () => {
  await pool.query('DELETE FROM suppressed_documents');
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
});

/** A run up to its explain stage, on latents with planted meanings, and a double to ask about them. */
async function runOn(coder: string, count: number, options: Partial<ChatEndpointOptions> = {}, config: Record<string, unknown> = {}) {
  const planted = plantedLatents(count, SEED);
  const seeded = await seedCoder(pool, {
    model: 'planted',
    coder,
    latents: planted.map(({ index }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation: null, score: null })),
  });
  for (const { index, examples } of planted) await seedExamples(pool, seeded, index, examples);
  await pool.query(`UPDATE runs SET config = config || $2::jsonb, results = '{"sampleKey": "s1"}' WHERE id = $1`, [
    seeded.runId,
    JSON.stringify({ explainers: ['llm'], scorers: ['detection'], detectionControl: 'all', ...config }),
  ]);
  const endpoint = await startChatEndpoint({ answer: wordModel(), ...options });
  endpoints.push(endpoint);
  const chat = createOpenAiChatClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model, sleep: async () => undefined });
  return { planted, seeded, endpoint, chat };
}

/** Nothing here is embedded unless a test brings its own. */
const embedder = (): Promise<never> => Promise.reject(new Error('no embedder'));

type Job = 'explain' | 'detection' | 'fuzzing' | 'intruder';

async function work(job: Job | readonly Job[], chat: ChatClient | null, { runId, latents }: Seeded, signal = new AbortController().signal) {
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
  const payload = { runId, latents: latents.map(({ index }) => index) };
  const scorers = [job].flat().filter((name) => name !== 'explain');
  if (scorers.length === 0) await explainLlm({ pool, chat, embedder })(payload, context);
  else await scoreLlm({ pool, chat, ...MATERIAL }, { frequency: async () => FREQUENCY })({ ...payload, scorers }, context);
  return { result, reported };
}

const explanationsOf = async ({ coderId }: Seeded) =>
  (
    await pool.query<{ latent_index: number; text: string; method: string; explainer: string; provenance: Record<string, unknown> }>(
      'SELECT * FROM explanations WHERE coder_id = $1 ORDER BY latent_index, id',
      [coderId],
    )
  ).rows;
const scoresOf = async ({ coderId }: Seeded) =>
  (
    await pool.query<
      Record<string, unknown> & {
        latent_index: number;
        value: number;
        control_value: number | null;
        failure: string | null;
        provenance: Record<string, unknown>;
      }
    >('SELECT * FROM scores WHERE coder_id = $1 ORDER BY latent_index, id', [coderId])
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
    const explained = await work('explain', chat, seeded);
    expect(explained.result).toEqual({ explained: 24, reused: 0, failed: 0 });
    expect(explained.reported.at(-1)).toBe(24);
    const explanations = await explanationsOf(seeded);
    expect(explanations.length).toBe(24);
    for (const [i, { text, method, explainer, provenance }] of explanations.entries()) {
      for (const word of planted[i]!.words) expect(text).toContain(word);
      expect([method, explainer]).toEqual(['default', endpoint.model]);
      expect(provenance).toMatchObject({
        sampleKey: 's1',
        split: 'train',
        template: 'default-3',
        model: endpoint.model,
        endpoint: endpoint.host,
        temperature: 0,
        calls: 1,
      });
      expect((provenance['windows'] as unknown[]).length).toBe(40);
      expect(provenance['promptHash']).toMatch(/^[0-9a-f]{64}$/);
    }

    const scored = await work('detection', chat, seeded);
    expect(scored.result).toEqual({ scores: 24, reused: 0, failed: 0, windowsFailed: 0 });
    const scores = await scoresOf(seeded);
    for (const score of scores) {
      expect(score).toMatchObject({ scorer: 'detection', metric: 'balanced_accuracy', n_positives: 50, n_negatives: 50, n_failed: 0, exam: 'test' });
      expect(score.value).toBeGreaterThanOrEqual(0.95);
      expect(score.control_value).toBeLessThan(0.7);
      const verdicts = verdictsSchema.parse(score['verdicts']);
      expect(verdicts.length).toBe(100);
      expect(verdicts.filter(({ right }) => right).length / 100).toBeCloseTo(score.value, 6);
      expect(score.provenance).toMatchObject({ template: 'detection-3', windowsPerPrompt: 5, calls: 20, controlShare: 1 });
      expect(score.failure).toBeNull();
      const parts = scoreFiguresSchema.parse(score['parts']);
      expect(parts.classes).toMatchObject([{ class: 'random', value: score.value }]);
      expect(parts.quantiles.length).toBe(10);
      // Told nothing, the word model says no to everything.
      expect(parts).toMatchObject({ blank: { value: 0.5 }, lift: null, failures: { bad_answer: 0, upstream: 0 }, chance: 0.5 });
    }
    expect(await eventsOf(seeded)).toEqual([]);
    // One call an explanation, 20 an exam, its two controls likewise: nothing asked that was not needed.
    expect(endpoint.calls.length).toBe(24 + 3 * 20 * 24);
  });

  it.each(['tenth', 'none'] as const)('pays for the controls it was told to: %s', async (detectionControl) => {
    const { planted, seeded, endpoint, chat } = await runOn(`control-${detectionControl}`, 24, {}, { detectionControl });
    for (const job of ['explain', 'detection'] as const) await work(job, chat, seeded);
    const sampled = planted.map(({ index }) => index).filter((index) => hasControl(index, SEED, detectionControl));
    expect(sampled.length > 0).toBe(detectionControl === 'tenth');
    const scores = await scoresOf(seeded);
    expect(scores.filter(({ control_value }) => control_value !== null).map(({ latent_index }) => latent_index)).toEqual(sampled);
    expect(endpoint.calls.length).toBe(24 + 20 * (24 + 2 * sampled.length));
  });

  it('never pays twice for the same question', async () => {
    const { seeded, endpoint, chat } = await runOn('twice', 3);
    for (const job of ['explain', 'detection'] as const) await work(job, chat, seeded);
    const before = [await explanationsOf(seeded), await scoresOf(seeded), endpoint.calls.length];
    expect((await work('explain', chat, seeded)).result).toEqual({ explained: 0, reused: 3, failed: 0 });
    expect((await work('detection', chat, seeded)).result).toEqual({ scores: 0, reused: 3, failed: 0, windowsFailed: 0 });
    expect([await explanationsOf(seeded), await scoresOf(seeded), endpoint.calls.length]).toEqual(before);
  });

  it('leaves a latent unexplained rather than take a bad answer, and counts why', async () => {
    const [first, second] = plantedLatents(2, SEED) as [PlantedLatent, PlantedLatent];
    const { seeded, chat } = await runOn('poisoned', 4, {
      misbehave: (_, messages) =>
        asksFor(first, messages) ? { kind: 'text', text: 'It is about many things.' } : asksFor(second, messages) ? { kind: 'status', status: 500 } : null,
    });
    expect((await work('explain', chat, seeded)).result).toEqual({ explained: 2, reused: 0, failed: 2 });
    expect((await explanationsOf(seeded)).map(({ latent_index }) => latent_index)).toEqual([2, 3]);
    const [event] = await eventsOf(seeded);
    expect(event).toMatchObject({
      level: 'warn',
      event: 'explanations_failed',
      data: { failed: 2, causes: { bad_answer: { count: 1, latents: [0] }, upstream: { count: 1, latents: [1] } } },
    });
    expect(event?.data.causes['upstream']?.example).toContain('HTTP 500');
    expect((await work('detection', chat, seeded)).result).toMatchObject({ scores: 2, failed: 0 });
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
    await work('explain', chat, seeded);
    expect((await work('detection', chat, seeded)).result).toEqual({ scores: 2, reused: 0, failed: 0, windowsFailed: 1 });
    const [score] = await scoresOf(seeded);
    expect(score).toMatchObject({ n_positives: 49, n_negatives: 50, n_failed: 1, provenance: { askedAlone: 5, failures: { bad_answer: 1, upstream: 0 } } });
    expect(score?.value).toBeGreaterThan(0.95);
    expect((await eventsOf(seeded)).map(({ event }) => event)).toEqual(['scores_failed']);
  });

  it('keeps an exam that too few answers were given in as failed, and a later run sits it again', async () => {
    const [first] = plantedLatents(1, SEED) as [PlantedLatent];
    let mute = true;
    const judges = (messages: DoubleMessage[]): boolean => messages.at(-1)?.content.startsWith('Description: ') ?? false;
    const { seeded, endpoint, chat } = await runOn(
      'mute',
      2,
      {
        misbehave: (_, messages) =>
          mute && judges(messages) && first.words.every((word) => messages.at(-1)?.content.split('\n')[0]?.includes(word))
            ? { kind: 'text', text: 'I would rather not say.' }
            : null,
      },
      { detectionControl: 'none' },
    );
    await work('explain', chat, seeded);
    const before = endpoint.calls.length;
    expect((await work('detection', chat, seeded)).result).toEqual({ scores: 1, reused: 0, failed: 1, windowsFailed: 100 });
    // The failing exam is sat twice, each time in 20 prompts and then window by window; the other once.
    expect(endpoint.calls.length - before).toBe(2 * (20 + 100) + 20);
    const [failed, fine] = await scoresOf(seeded);
    expect(failed).toMatchObject({ value: null, lower: null, control_value: null, n_positives: 0, n_negatives: 0, n_failed: 100 });
    expect(failed?.failure).toContain('0 of 50 firing and 0 of 50 silent windows');
    expect(fine).toMatchObject({ n_failed: 0, failure: null });
    expect((await eventsOf(seeded))[0]).toMatchObject({ event: 'scores_failed', data: { failed: 1, causes: { bad_answer: { count: 1, latents: [0] } } } });

    // The same task once more: what failed is not done, what came out is.
    mute = false;
    expect((await work('detection', chat, seeded)).result).toEqual({ scores: 1, reused: 1, failed: 0, windowsFailed: 0 });
    const all = (await scoresOf(seeded)).filter(({ latent_index }) => latent_index === 0);
    expect(all.map(({ value }) => value === null).sort()).toEqual([false, true]);
    expect((await work('detection', chat, seeded)).result).toMatchObject({ scores: 0, reused: 2 });
  });

  it('asks for a control only where the exam itself came out, once, and keeps why one is missing', async () => {
    const [first] = plantedLatents(1, SEED) as [PlantedLatent];
    const judgesFirst = (messages: DoubleMessage[]): boolean => {
      const [description = ''] = messages.at(-1)?.content.split('\n') ?? [];
      return description.startsWith('Description: ') && first.words.every((word) => description.includes(word));
    };
    const { seeded, endpoint, chat } = await runOn('control-failed', 2, {
      misbehave: (_, messages) => (judgesFirst(messages) ? { kind: 'text', text: 'No.' } : null),
    });
    await work('explain', chat, seeded);
    const before = endpoint.calls.length;
    expect((await work('detection', chat, seeded)).result).toEqual({ scores: 1, reused: 0, failed: 1, windowsFailed: 100 });
    // The exam of the first is sat twice and never by another; that of the second by its own, in vain by the first's, and by none.
    expect(endpoint.calls.length - before).toBe(2 * (20 + 100) + 20 + (20 + 100) + 20);
    const [, second] = await scoresOf(seeded);
    expect(second).toMatchObject({
      control_value: null,
      failure: null,
      provenance: { controlMissing: expect.stringContaining('It was asked for and failed. There was a usable verdict on 0 of 50') },
    });
    expect((await eventsOf(seeded))[0]).toMatchObject({ data: { controlsFailed: 1 } });
  });

  it('pays for a control alone where the exam was sat without one, and for nothing where it was sat with one', async () => {
    const { seeded, endpoint, chat } = await runOn('control-later', 3, {}, { detectionControl: 'none' });
    for (const job of ['explain', 'detection'] as const) await work(job, chat, seeded);
    const own = await scoresOf(seeded);
    expect(own.map(({ control_value, provenance }) => [control_value, provenance['controlMissing']])).toEqual(
      Array(3).fill([null, 'The run was told to take none.']),
    );
    const told = async (detectionControl: string) => {
      await pool.query(`UPDATE runs SET config = config || jsonb_build_object('detectionControl', $2::text) WHERE id = $1`, [seeded.runId, detectionControl]);
      const asked = endpoint.calls.length;
      const { result } = await work('detection', chat, seeded);
      return { result, asked: endpoint.calls.length - asked };
    };
    expect(await told('all')).toEqual({ asked: 3 * 40, result: { scores: 3, reused: 3, failed: 0, windowsFailed: 0 } });
    const newest = (await scoresOf(seeded)).filter(({ id }) => !own.some((score) => score['id'] === id));
    for (const [i, score] of newest.entries()) {
      const { value, lower, upper, n_positives, n_negatives, verdicts } = own[i] as (typeof own)[number];
      expect(score).toMatchObject({
        value,
        lower,
        upper,
        n_positives,
        n_negatives,
        verdicts,
        provenance: { ownFigures: own[i]?.['id'], controlMissing: null },
      });
      expect(score.control_value).toBeLessThan(0.7);
    }
    // Neither is it paid for again nor does a score without it take its place.
    for (const detectionControl of ['all', 'none', 'tenth']) expect(await told(detectionControl)).toMatchObject({ asked: 0, result: { scores: 0, reused: 3 } });
    expect((await scoresOf(seeded)).length).toBe(6);
  });

  it('gives up on a model of which none of the first exams has a usable answer, and stores nothing', async () => {
    const judges = (messages: DoubleMessage[]): boolean => messages.at(-1)?.content.startsWith('Description: ') ?? false;
    const { seeded, endpoint, chat } = await runOn('useless', 16, {
      misbehave: (_, messages) => (judges(messages) ? { kind: 'text', text: 'Certainly!' } : null),
    });
    await work('explain', chat, seeded);
    const before = endpoint.calls.length;
    await expect(work('detection', chat, seeded)).rejects.toMatchObject({ code: 'upstream_failed', retryable: false, field: 'LLM_MODEL' });
    expect(await scoresOf(seeded)).toEqual([]);
    // All 16 would be 1,920, and as many again.
    expect(endpoint.calls.length - before).toBeLessThanOrEqual((5 + chat.slots) * 120);
  });

  it('writes nothing when the endpoint is down, so that the queue can try again', async () => {
    let down = true;
    const { seeded, chat } = await runOn('down', 3, { misbehave: () => (down ? { kind: 'status', status: 503 } : null) });
    await expect(work('explain', chat, seeded)).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
    expect([await explanationsOf(seeded), await eventsOf(seeded)]).toEqual([[], []]);
    down = false;
    expect((await work('explain', chat, seeded)).result).toMatchObject({ explained: 3 });
    down = true;
    await expect(work('detection', chat, seeded)).rejects.toMatchObject({ code: 'upstream_failed', retryable: true });
    expect(await scoresOf(seeded)).toEqual([]);
  });

  it('stops when told to, without writing', async () => {
    const stop = new AbortController();
    const { seeded, chat } = await runOn('stopped', 3, {
      misbehave: (call) => (call === 1 ? (stop.abort(new Error('lease lost')), { kind: 'slow', ms: null }) : null),
    });
    await expect(work('explain', chat, seeded, stop.signal)).rejects.toMatchObject({ code: 'cancelled', retryable: true });
    expect(await explanationsOf(seeded)).toEqual([]);
  });

  it('does not send documents that were taken down', async () => {
    const { seeded, endpoint, chat, planted } = await runOn('takedown', 1);
    const gone = planted[0]!.examples.filter(({ document }) => document === 'train-0' || document === 'test-0');
    await suppress(pool, seeded, 'train-0');
    await suppress(pool, seeded, 'test-0');
    for (const job of ['explain', 'detection'] as const) await work(job, chat, seeded);
    const sent = JSON.stringify(endpoint.calls.map(({ messages }) => messages));
    const texts = gone.map(({ tokens }) => tokens.slice(20, 24).join(''));
    expect(texts.length).toBe(10);
    for (const text of texts) expect(sent.replaceAll(/[«»]/g, '')).not.toContain(text);
    expect((await scoresOf(seeded))[0]).toMatchObject({ n_positives: 45, n_negatives: 50 });
  });

  it('makes explanation and score anew after a takedown, without those windows and without what was made from them', async () => {
    const { seeded, chat, planted, endpoint } = await runOn('anew', 2, {}, { detectionControl: 'none' });
    for (const job of ['explain', 'detection'] as const) await work(job, chat, seeded);
    await suppress(pool, seeded, 'train-1');
    expect((await work('explain', chat, seeded)).result).toEqual({ explained: 2, reused: 0, failed: 0 });
    expect((await work('detection', chat, seeded)).result).toMatchObject({ scores: 2, reused: 0 });
    const [newest] = (await explanationsOf(seeded)).slice(-1);
    expect(newest?.provenance['documents']).not.toContain('train-1');
    expect((newest?.provenance['windows'] as unknown[]).length).toBe(35);
    // Nothing is left to explain from: the sentence made of those documents is not examined in its stead.
    for (const document of new Set(planted[0]!.examples.map((example) => example.document))) {
      if (document.startsWith('train-') && document !== 'train-1') await suppress(pool, seeded, document);
    }
    const asked = endpoint.calls.length;
    expect((await work('explain', chat, seeded)).result).toEqual({ explained: 0, reused: 0, failed: 2 });
    expect((await work('detection', chat, seeded)).result).toEqual({ scores: 0, reused: 0, failed: 0, windowsFailed: 0 });
    expect(endpoint.calls.length).toBe(asked);
  });

  it('says that too few windows are left instead of computing on them', async () => {
    const { seeded, chat, endpoint } = await runOn('short', 1, {}, { detectionControl: 'none' });
    await work('explain', chat, seeded);
    // Five windows a document: four documents leave 30 firing windows, a fifth one too few.
    for (const i of [0, 1, 2, 3, 4]) await suppress(pool, seeded, `test-${i}`);
    const asked = endpoint.calls.length;
    expect((await work('detection', chat, seeded)).result).toEqual({ scores: 0, reused: 0, failed: 1, windowsFailed: 0 });
    expect(endpoint.calls.length).toBe(asked);
    const [score] = await scoresOf(seeded);
    expect(score).toMatchObject({ value: null, n_positives: 0, n_negatives: 0, n_failed: 75 });
    expect(score?.failure).toContain('25 firing windows of 5 documents and 50 silent windows left');
    // The same windows would fall short again: nothing is done twice, until a takedown more or less changes the exam.
    expect((await work('detection', chat, seeded)).result).toMatchObject({ scores: 0, reused: 1, failed: 0 });
  });

  it('scores by several scorers at once, the latent itself without an explanation, and pays for none of it twice', async () => {
    const { seeded, endpoint, chat } = await runOn('several', 4, {}, { scorers: ['detection', 'fuzzing', 'intruder'] });
    await work('explain', chat, seeded);
    const asked = endpoint.calls.length;
    const three = ['detection', 'fuzzing', 'intruder'] as const;
    expect((await work(three, chat, seeded)).result).toEqual({ scores: 12, reused: 0, failed: 0, windowsFailed: 0 });
    // Two exams of 20 prompts with two controls each, and 30 groups.
    expect(endpoint.calls.length - asked).toBe(4 * (2 * 3 * 20 + 30));
    const scores = await scoresOf(seeded);
    for (const { scorer, value, control_value, explanation_id, metric, provenance, verdicts } of scores) {
      expect(metric).toBe(scorer === 'intruder' ? 'accuracy' : 'balanced_accuracy');
      expect(explanation_id === null).toBe(scorer === 'intruder');
      expect(value).toBeGreaterThan(scorer === 'intruder' ? 0.6 : 0.95);
      expect(control_value === null).toBe(scorer === 'intruder');
      expect(provenance['promptsHash']).toMatch(/^[0-9a-f]{64}$/);
      const judged = verdictsSchema.parse(verdicts);
      expect(judged.length).toBe(scorer === 'intruder' ? 30 : 100);
      if (scorer !== 'detection') expect(judged.every(({ marked }) => marked !== undefined && marked.length > 0)).toBe(true);
    }
    expect((await work(three, chat, seeded)).result).toEqual({ scores: 0, reused: 12, failed: 0, windowsFailed: 0 });
    expect((await scoresOf(seeded)).length).toBe(12);
  });

  it('says by how much an explanation beats the baseline’s on the same windows', async () => {
    const { seeded, chat, planted } = await runOn('lift', 3, {}, { explainers: ['lexical', 'llm'], detectionControl: 'none' });
    await work('explain', chat, seeded);
    // A baseline that knows one of the three words.
    for (const { index, words } of planted) {
      await pool.query(
        `INSERT INTO explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
         VALUES ($1, $2, $3, 'lexical', 'lexical-2', $4, '{"sampleKey": "s1", "documents": []}', $5)`,
        [seeded.coderId, index, seeded.runId, `The word “${words[0]}”`, `lexical ${index}`],
      );
      await pool.query(
        `INSERT INTO explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key) VALUES ($1, $2, $3, 'lexical', 'lexical', $4)`,
        [seeded.coderId, index, seeded.runId, `lexical ${index}`],
      );
    }
    expect((await work('detection', chat, seeded)).result).toMatchObject({ scores: 6 });
    const scores = await scoresOf(seeded);
    for (const { index } of planted) {
      const [own, baseline] = scores.filter(({ latent_index }) => latent_index === index).sort((a, b) => b.value - a.value);
      const { lift } = scoreFiguresSchema.parse(own?.['parts']);
      expect(lift).toMatchObject({ baseline: 'lexical', n: 100, value: expect.closeTo((own?.value ?? 0) - (baseline?.value ?? 0), 9) });
      expect(lift?.lower).toBeGreaterThan(0);
      expect(scoreFiguresSchema.parse(baseline?.['parts']).lift).toBeNull();
    }
  });

  it('says what to set when there is no language model', async () => {
    const { seeded } = await runOn('none', 1);
    await expect(work('explain', null, seeded)).rejects.toMatchObject({ code: 'invalid_config', retryable: false, field: 'LLM_BASE_URL' });
  });
});
