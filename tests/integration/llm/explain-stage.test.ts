import { afterEach, describe, expect, it } from 'vitest';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import type { ChatClient } from '#gpu-worker/llm/chat-client.ts';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { currentExplanations } from '#gpu-worker/stages/current-explanations.ts';
import { explainLlm } from '#gpu-worker/stages/explain-llm.ts';
import { attemptFigures } from '#gpu-worker/stages/explanation-attempts.ts';
import { rerunExplanation } from '#gpu-worker/stages/rerun-explanation.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { loadRun } from '#gpu-worker/stages/run-facts.ts';
import type { StoredProfile } from '#lib/latent/profile.ts';
import type { Example } from '#lib/example/schema.ts';
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

const endpoints: ChatEndpoint[] = [];
afterEach(async () => {
  await pool.query('DELETE FROM suppressed_documents');
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
});

/** Silent windows of train documents: the test's own negatives on the other side. */
const counterExamples = ({ examples }: PlantedLatent): Example[] =>
  examples.filter(({ kind }) => kind === 'random').map((window, i) => ({ ...window, split: 'train', row: 5000 + window.row, document: `counter-${i % 6}` }));

/** Latents with planted meanings, up to the explain stage, and a double to ask about them. */
async function runOn(coder: string, count: number, config: Record<string, unknown>, options: Partial<ChatEndpointOptions> = {}) {
  const planted = plantedLatents(count, SEED);
  const seeded = await seedCoder(pool, {
    model: 'planted',
    coder,
    latents: planted.map(({ index }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation: null, score: null })),
  });
  for (const latent of planted) await seedExamples(pool, seeded, latent.index, [...latent.examples, ...counterExamples(latent)]);
  await pool.query(`UPDATE runs SET config = config || $2::jsonb, results = '{"sampleKey": "s1", "profileKey": "p1"}' WHERE id = $1`, [
    seeded.runId,
    JSON.stringify(config),
  ]);
  const endpoint = await startChatEndpoint({ answer: wordModel(), ...options });
  endpoints.push(endpoint);
  const chat = createOpenAiChatClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model, sleep: async () => undefined });
  return { planted, seeded, endpoint, chat };
}

/** Texts that share their words point the same way. */
const embedder: Embedder = {
  id: 'words@1',
  endpoint: null,
  queryId: 'words@1',
  dimensions: 64,
  embed: (texts) => {
    const out = new Float32Array(texts.length * 64);
    texts.forEach((text, t) => {
      for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? [])
        out[t * 64 + (([...word].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7) >>> 0) % 64)]! += 1;
      const length = Math.hypot(...out.subarray(t * 64, (t + 1) * 64)) || 1;
      for (let d = 0; d < 64; d++) out[t * 64 + d]! /= length;
    });
    return Promise.resolve(out);
  },
  close: () => Promise.resolve(),
};

async function work(chat: ChatClient | null, { runId, latents }: Seeded) {
  let result: Record<string, unknown> | null = null;
  const reported: number[] = [];
  const context: TaskContext = {
    runId: BigInt(runId),
    taskId: 1n,
    fence: 1,
    signal: new AbortController().signal,
    progress: (done) => void reported.push(done),
    commit: async (write) => {
      result = await transaction(pool, write);
    },
  };
  await explainLlm({ pool, chat, embedder: () => Promise.resolve(embedder) })({ runId, latents: latents.map(({ index }) => index) }, context);
  expect(reported.every((done) => done <= latents.length)).toBe(true);
  return result;
}

const attemptsOf = async ({ coderId }: Seeded) =>
  (
    await pool.query<{
      latent: number;
      asked: string;
      method: string | null;
      reason: string | null;
      input_key: string | null;
      cause: string | null;
      message: string | null;
    }>(
      'SELECT latent_index AS latent, asked, method, reason, input_key, cause, message FROM explanation_attempts WHERE coder_id = $1 ORDER BY latent_index, asked',
      [coderId],
    )
  ).rows;
const explanationsOf = async ({ coderId }: Seeded) =>
  (
    await pool.query<{ latent: number; method: string; explainer: string; text: string; provenance: Record<string, unknown> }>(
      'SELECT latent_index AS latent, method, explainer, text, provenance FROM explanations WHERE coder_id = $1 ORDER BY latent_index, method',
      [coderId],
    )
  ).rows;

const PROFILE: StoredProfile = {
  windows: 100,
  windowFrequency: 0.1,
  quantiles: [],
  histogram: null,
  rowLength: 256,
  positions: new Array<number>(16).fill(10),
  positionInformation: 0,
  tokens: {
    entropy: 3, mostFrequent: ' x', mostFrequentShare: 0.2, strongestShare: 0.2, strongerHalfShare: 0.2, singleToken: null, documents: 20,
    byTotal: [{ text: ' x', active: 9, occurrences: 10, total: 9 }], byMean: [],
  },
  logitEffects: null,
  neighbours: { coOccurrence: { nearest: [], rows: { counted: 1, all: 1 } }, decoder: null, encoder: null },
}; // prettier-ignore

async function profile({ coderId }: Seeded, latent: number, changes: Partial<StoredProfile>): Promise<void> {
  await pool.query('INSERT INTO latent_profiles (coder_id, latent_index, profile_key, profile) VALUES ($1, $2, $3, $4)', [
    coderId,
    latent,
    'p1',
    JSON.stringify({ ...PROFILE, ...changes }),
  ]);
}

/** The profile of a latent of one token: the one with most activation in its train windows, as in all of its text. */
function ofOneToken({ examples, words }: PlantedLatent): StoredProfile['tokens'] {
  const sum = (word: string): number =>
    examples.reduce(
      (all, { split, tokens, activations }) =>
        split === 'train' ? all + activations.reduce((own, value, i) => own + (tokens[i] === word ? value : 0), 0) : all,
      0,
    );
  const [text] = words.map((word) => ` ${word}`).sort((a, b) => sum(b) - sum(a));
  return { ...PROFILE.tokens!, singleToken: 'strong', byTotal: [{ text: text!, active: 9, occurrences: 10, total: 9 }] };
}

const asksFor = ({ words }: PlantedLatent, messages: DoubleMessage[]): boolean =>
  words.some((word) => messages.some(({ content }) => content.includes(`«${word}`)));

describe('the explain stage', () => {
  it('explains by every method that a run names, and keeps how', async () => {
    const methods = ['default', 'contrastive', 'best_of_k', 'refine'] as const;
    const { planted, seeded, chat, endpoint } = await runOn('all', 3, { explainers: ['llm', ...methods], explain: { candidates: 2 } });
    expect(await work(chat, seeded)).toEqual({ explained: 12, reused: 0, failed: 0 });
    for (const { latent, method, text, explainer, provenance } of await explanationsOf(seeded)) {
      for (const word of planted[latent]!.words) expect(text, method).toContain(word);
      expect(explainer).toBe(endpoint.model);
      expect(provenance).toMatchObject({ sampleKey: 's1', split: 'train', model: endpoint.model, structured: true, code: expect.stringMatching(/^\d/) });
      // Nothing of the exam's documents was shown.
      expect((provenance['documents'] as string[]).every((document) => /^(train|counter)-/.test(document))).toBe(true);
    }
    const attempts = await attemptsOf(seeded);
    expect(attempts.length).toBe(12);
    expect(attempts.every(({ asked, method, cause, input_key }) => asked === method && cause === null && input_key !== null)).toBe(true);

    const before = endpoint.calls.length;
    expect(await work(chat, seeded)).toEqual({ explained: 0, reused: 12, failed: 0 });
    expect(endpoint.calls.length).toBe(before);
    expect(await attemptsOf(seeded)).toEqual(attempts);
    expect((await currentExplanations(pool, await loadRun(pool, seeded.runId), [0, 1, 2])).map(({ method }) => method).sort()).toEqual(
      [0, 1, 2].flatMap(() => [...methods]).sort(),
    );
  });

  it('chooses by statistics, says why, and leaves alone what no phrase would fit', async () => {
    const { planted, seeded, chat, endpoint } = await runOn('auto', 5, { explainers: ['auto', 'default'] });
    await profile(seeded, 0, {});
    await profile(seeded, 1, { tokens: ofOneToken(planted[1]!) });
    await profile(seeded, 2, { positionInformation: 0.4, positions: [90, 1, 1, 1, ...new Array<number>(12).fill(0)] });
    await pool.query('UPDATE latents SET frequency = 0.4 WHERE coder_id = $1 AND index = 3', [seeded.coderId]);
    const effect = (text: string) => ({ text, effect: 9 });
    await profile(seeded, 4, {
      logitEffects: {
        promoted: Array.from('abcdefghij', effect),
        suppressed: [],
        histogram: { from: -1, to: 9, counts: [500, 490, ...new Array<number>(37).fill(0), 10] },
      },
    });
    expect(await work(chat, seeded)).toEqual({ explained: 8, reused: 0, failed: 1 });
    const routed = (await attemptsOf(seeded)).filter(({ asked }) => asked === 'auto');
    expect(routed.map(({ method, cause }) => [method, cause])).toEqual([
      ['default', null],
      ['single_token', null],
      ['positional', null],
      [null, 'not_explainable'],
      ['logit_aware', null],
    ]);
    expect(routed.every(({ reason }) => reason !== null && reason.endsWith('.'))).toBe(true);
    const local = (await explanationsOf(seeded)).filter(({ method }) => ['single_token', 'positional'].includes(method));
    expect(local.map(({ text, explainer }) => [explainer, text])).toEqual([
      ['single-token-3', expect.stringMatching(new RegExp(`^The word “(${planted[1]!.words.join('|')})”`))],
      ['positional-1', 'The first 16 tokens of a passage, whatever they say'],
    ]);
    // `auto` and `default` come to the same question about the first: one call. So five defaults and one with its tokens.
    expect(endpoint.calls.length).toBe(6);
    expect(await attemptFigures(pool, await loadRun(pool, seeded.runId))).toEqual({
      auto: { explained: { default: 1, logit_aware: 1, positional: 1, single_token: 1 }, failed: { not_explainable: 1 } },
      default: { explained: { default: 5 }, failed: {} },
    });
    expect((await pool.query('SELECT 1 FROM run_events WHERE run_id = $1', [seeded.runId])).rowCount).toBe(0);
  });

  it('stores a failure with its cause, for each latent and method, and no explanation', async () => {
    const [first, second, third] = plantedLatents(3, SEED) as [PlantedLatent, PlantedLatent, PlantedLatent];
    const { seeded, chat } = await runOn('failing', 4, { explainers: ['default', 'logit_aware'] }, {
      misbehave: (_, messages) => {
        if (asksFor(first, messages)) return { kind: 'text', text: 'It is about many things.' };
        if (asksFor(second, messages)) return { kind: 'status', status: 500 };
        return asksFor(third, messages) ? { kind: 'truncated' } : null;
      },
    }); // prettier-ignore
    expect(await work(chat, seeded)).toEqual({ explained: 1, reused: 0, failed: 7 });
    expect((await explanationsOf(seeded)).map(({ latent }) => latent)).toEqual([3]);
    const attempts = await attemptsOf(seeded);
    expect(attempts.filter(({ asked }) => asked === 'default').map(({ cause }) => cause)).toEqual(['bad_answer', 'upstream', 'bad_answer', null]);
    expect(attempts.filter(({ asked }) => asked === 'logit_aware').every(({ cause }) => cause === 'unfit')).toBe(true);
    expect(attempts.find(({ cause }) => cause === 'upstream')?.message).toContain('HTTP 500');
    const { rows } = await pool.query<{ data: { failed: number } }>('SELECT data FROM run_events WHERE run_id = $1', [seeded.runId]);
    expect(rows.map(({ data }) => data.failed)).toEqual([3]);
    expect((await currentExplanations(pool, await loadRun(pool, seeded.runId), [0, 1, 2, 3])).map(({ latent }) => latent)).toEqual([3]);
  });

  it.each([
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '0' } }],
    ['500', { kind: 'status', status: 500 }],
    ['a connection that is hung up', { kind: 'hang_up' }],
    ['a connection cut in the answer', { kind: 'cut' }],
    ['half an answer', { kind: 'truncated' }],
    ['prose around the answer', { kind: 'prose' }],
    ['a code fence', { kind: 'code_fence' }],
    ['an answer that is no answer', { kind: 'text', text: 'No.' }],
  ] as const)('loses nothing to %s for a third of the questions', async (name, misbehaviour) => {
    const seen = new Set<string>();
    const { seeded, chat } = await runOn(
      `once-${name.replaceAll(' ', '-').toLowerCase()}`,
      6,
      { explainers: ['default'] },
      {
        misbehave: (_, messages) => {
          const about = messages.filter(({ role }) => role === 'user').at(3)?.content ?? '';
          return !seen.has(about) && seen.add(about) && seen.size % 3 === 1 ? misbehaviour : null;
        },
      },
    );
    expect(await work(chat, seeded)).toEqual({ explained: 6, reused: 0, failed: 0 });
    expect((await attemptsOf(seeded)).every(({ cause }) => cause === null)).toBe(true);
    expect(seen.size).toBe(6);
  });

  it('needs no language model for what it works out itself, and says so for the rest', async () => {
    const { planted, seeded } = await runOn('local', 2, { explainers: ['single_token'] });
    await profile(seeded, 0, { tokens: ofOneToken(planted[0]!) });
    expect(await work(null, seeded)).toEqual({ explained: 1, reused: 0, failed: 1 });
    const other = await runOn('needs', 1, { explainers: ['default'] });
    await expect(work(null, other.seeded)).rejects.toMatchObject({ code: 'invalid_config' });
  });

  it('asks anew, from what is left, when a document is taken down', async () => {
    const { seeded, chat, endpoint } = await runOn('down', 1, { explainers: ['default', 'contrastive'] });
    await work(chat, seeded);
    await suppress(pool, seeded, 'train-0');
    await work(chat, seeded);
    const explanations = await currentExplanations(pool, await loadRun(pool, seeded.runId), [0]);
    expect(explanations.length).toBe(2);
    expect(endpoint.calls.length).toBe(4);
    for (const document of Array.from({ length: 8 }, (_, i) => `train-${i}`).slice(1)) await suppress(pool, seeded, document);
    expect(await work(chat, seeded)).toEqual({ explained: 0, reused: 0, failed: 2 });
    expect((await attemptsOf(seeded)).map(({ cause }) => cause)).toEqual(['no_windows', 'no_windows']);
    expect(await currentExplanations(pool, await loadRun(pool, seeded.runId), [0])).toEqual([]);
  });

  it('makes explanations again and says whether they agree', async () => {
    let mood = 'first';
    const { seeded, chat, endpoint } = await runOn('again', 1, { explainers: ['default', 'best_of_k'], explain: { candidates: 2 } }, {
      answer: (messages) => (mood === 'first' ? wordModel()(messages) : JSON.stringify({ explanation: 'Something else entirely' })),
    }); // prettier-ignore
    await work(chat, seeded);
    const { rows } = await pool.query<{ id: string; method: string }>('SELECT id::text, method FROM explanations WHERE coder_id = $1 ORDER BY id', [
      seeded.coderId,
    ]);
    const services = { pool, chat, embedder: () => Promise.resolve(embedder), cache: createRunCache(1), artifacts: memoryArtifacts() };
    for (const { id, method } of rows) {
      const asked = endpoint.calls.length;
      expect(await rerunExplanation(services, id)).toMatchObject({
        id,
        method,
        sameQuestion: true,
        differences: [],
        agrees: true,
        similarity: expect.closeTo(1, 5),
      });
      expect(endpoint.calls.length).toBeGreaterThan(asked);
    }
    mood = 'other';
    const { id } = rows[0]!;
    expect(await rerunExplanation(services, id)).toMatchObject({ sameQuestion: true, agrees: false, now: { text: 'Something else entirely' } });
    await suppress(pool, seeded, 'train-0');
    expect(await rerunExplanation(services, id)).toMatchObject({ sameQuestion: false, differences: [expect.stringContaining('prompt')] });
    const other = { ...services, chat: { ...chat, model: 'another', chat: (request: Parameters<typeof chat.chat>[0]) => chat.chat(request) } };
    expect((await rerunExplanation(other, id)).differences[0]).toContain('now of another');
    await expect(rerunExplanation(services, '999999')).rejects.toMatchObject({ code: 'not_found' });
    expect((await pool.query('SELECT 1 FROM explanations WHERE coder_id = $1', [seeded.coderId])).rowCount).toBe(2);
  });
});
