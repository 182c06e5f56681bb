import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CompletionClient } from '#gpu-worker/llm/completion-client.ts';
import { createOpenAiCompletionClient } from '#gpu-worker/llm/openai-completion-client.ts';
import { recordedCompletions } from '#gpu-worker/llm/recorded-completions.ts';
import type { BudgetCaps } from '#gpu-worker/llm/requests/claims.ts';
import { createRequestStore, type RequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { llmFigures } from '#gpu-worker/stages/llm-figures.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { loadRun } from '#gpu-worker/stages/run-facts.ts';
import { scoreLlm } from '#gpu-worker/stages/score-llm.ts';
import type { WorkerServices } from '#gpu-worker/stages/services.ts';
import { unitHash } from '#lib/random/hash.ts';
import { transaction } from '#platform/database/transaction.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import { startChatEndpoint } from '#tests/doubles/chat-endpoint.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { plantedLatents } from '#tests/doubles/planted.ts';
import { seedCoder, seedExamples } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';

const { pool } = await withDatabase({ max: 20 });
const artifacts = memoryArtifacts();

/** Words with the space before them; one is likelier than another by its letters alone. Counts tokens as words. */
const endpoint = await startChatEndpoint({
  model: 'base-1',
  apiKey: 'right',
  answer: () => '',
  routes: {
    '/completions': ({ prompt, logprobs }) => {
      const tokens = String(prompt).match(/\n| ?[^\s]+| /g) ?? [];
      const own = tokens.map((token, i) => (i === 0 ? null : -1 - unitHash(`${token} ${tokens.length}`)));
      return {
        choices: [
          {
            text: `${String(prompt)}.`,
            logprobs: {
              tokens: [...tokens, '.'],
              token_logprobs: [...own, -1],
              top_logprobs: [...own.map((value, i) => (value === null ? null : { [tokens[i]!]: value, ...(Number(logprobs) > 1 && { ' else': -9 }) })), {}],
            },
          },
        ],
        usage: { prompt_tokens: tokens.length, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 2 } },
      };
    },
  },
});
const reader = (apiKey = 'right') =>
  createOpenAiCompletionClient({ baseUrl: endpoint.baseUrl, apiKey, model: endpoint.model, settings: 'SURPRISAL', sleep: () => Promise.resolve() });

const stores: RequestStore[] = [];
const open = (inHand?: number): RequestStore => {
  const workerId = `w${stores.length}`;
  const store = createRequestStore({ pool, artifacts, workerId, ...(inHand && { inHand }), onError: (error) => expect.fail(String(error)) });
  stores.push(store);
  return store;
};
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(() => endpoint.close());

const LATENTS = 4;
const planted = plantedLatents(LATENTS, 22);
const seeded = await seedCoder(pool, {
  model: 'planted',
  coder: 'read',
  latents: planted.map(({ index, explanation }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation, score: null })),
});
for (const { index, examples } of planted) await seedExamples(pool, seeded, index, examples);
await pool.query(
  `INSERT INTO explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key)
   SELECT coder_id, latent_index, run_id, 'lexical', 'lexical', input_key FROM explanations WHERE coder_id = $1`,
  [seeded.coderId],
);
const latents = planted.map(({ index }) => index);

beforeEach(async () => {
  endpoint.calls.length = 0;
  artifacts.files.clear();
  await pool.query('TRUNCATE llm_requests, llm_raw_batches, llm_run_usage, run_events');
});

const PRICE = { in: 1, cached: 0.5, out: 2 };
const worker = (caps: BudgetCaps | null = null, completions: CompletionClient = reader()): CompletionClient =>
  recordedCompletions({ completions, store: open(), runId: seeded.runId, caps, price: PRICE });
const prompts = Array.from({ length: 30 }, (_, i) => `Read this first.\nPassages:\nwindow ${i} holds ünïcödé`);
const usage = async () =>
  (
    await pool.query(
      'SELECT purpose, calls::int, reused::int, tokens_in::int AS "in", tokens_out::int AS out, tokens_cached::int AS cached, uncounted::int, cost FROM llm_run_usage WHERE run_id = $1',
      [seeded.runId],
    )
  ).rows;

describe('prompts that are read', () => {
  it('are read once, whichever of two workers comes first, and answered alike to both', async () => {
    const options = { top: 2, since: '\nPassages:\n', purpose: 'score.surprisal' };
    const [first, second] = await Promise.all([worker().promptLogprobs(prompts, options), worker().promptLogprobs([...prompts, prompts[0]!], options)]);
    expect(endpoint.calls.length).toBe(30);
    for (const [i, { tokens }] of first.entries()) {
      expect(tokens).toEqual(second[i]!.tokens);
      // All before the heading as one token; the window with its alternatives.
      expect(tokens[0]).toEqual({ token: 'Read this first.', logprob: null, top: [] });
      expect(tokens.at(-1)).toMatchObject({ token: ' ünïcödé', top: [{ token: ' ünïcödé' }, { token: ' else', logprob: -9 }] });
    }
    const all = [...first, ...second];
    expect(all.filter(({ fromCache }) => fromCache).length).toBe(31);
    expect(new Set(all.map(({ rawKey }) => rawKey)).size).toBe(30);
    await Promise.all(stores.map((store) => store.close()));
    const tokens = first.reduce((sum, { tokensIn }) => sum + (tokensIn ?? 0), 0);
    expect(await usage()).toEqual([
      ...[{ purpose: 'score.surprisal', calls: 30, reused: 31, in: tokens, out: 30, cached: 60, uncounted: 0 }].map((row) => ({
        ...row,
        cost: expect.closeTo((tokens - 60 + 60 * 0.5 + 30 * 2) / 1e6, 12) as number,
      })),
    ]);
    // The raw prompt and answer lie under their hash.
    const row = await open().claim({
      ...{ hash: first[0]!.rawKey!, model: 'm', endpoint: 'e', purpose: 'p', runId: null, promptCharacters: 1 },
      ...{ reservedTokens: 1, reservedCost: 0, caps: null },
    });
    if (row.kind !== 'answered') throw new Error(row.kind);
    expect(await stores.at(-1)!.record(row.row)).toMatchObject({ request: { read: prompts[0], top: 2, model: 'base-1' }, reply: { tokens: first[0]!.tokens } });
  });

  it('are others with other alternatives or another beginning, and past the store on demand', async () => {
    const chat = worker();
    await chat.promptLogprobs(prompts.slice(0, 1));
    await chat.promptLogprobs(prompts.slice(0, 1), { top: 1 });
    await chat.promptLogprobs(prompts.slice(0, 1), { since: 'first' });
    expect(endpoint.calls.length).toBe(3);
    expect((await chat.promptLogprobs(prompts.slice(0, 1)))[0]).toMatchObject({ fromCache: true });
    expect((await chat.promptLogprobs(prompts.slice(0, 1), { cache: 'bypass' }))[0]).toMatchObject({ fromCache: false, rawKey: null });
    expect(endpoint.calls.length).toBe(4);
    await Promise.all(stores.map((store) => store.close()));
    expect(await usage()).toMatchObject([{ purpose: 'other', calls: 4, reused: 1 }]);
  });

  it('are not read beyond the budget, and what was read is kept', async () => {
    const cap = 200;
    const reading = worker({ usd: null, tokens: cap }).promptLogprobs(prompts);
    await expect(reading).rejects.toMatchObject({ code: 'budget_spent' });
    const made = endpoint.calls.length;
    expect(made).toBeGreaterThan(3);
    expect(made).toBeLessThan(30);
    const [row] = await usage();
    expect(row.in + row.out).toBeLessThanOrEqual(cap);
    expect(row.calls).toBe(made);
    await worker().promptLogprobs(prompts);
    expect(endpoint.calls.length).toBe(30);
  });

  it('are free again when the endpoint refused them, in words that name the settings of the model that is read', async () => {
    await expect(worker(null, reader('wrong')).promptLogprobs(prompts.slice(0, 3))).rejects.toMatchObject({
      code: 'upstream_failed',
      field: 'SURPRISAL_API_KEY',
      message: expect.stringContaining('check SURPRISAL_API_KEY') as string,
    });
    expect((await pool.query('SELECT 1 FROM llm_requests')).rowCount).toBe(0);
    expect(await worker().promptLogprobs(prompts.slice(0, 3))).toHaveLength(3);
  });
});

describe('a run that scores by surprisal', () => {
  const score = async (budget: Record<string, number> | null) => {
    const config = { explainers: ['lexical'], scorers: ['surprisal'], detectionControl: 'none', negatives: ['random'] };
    await pool.query(`UPDATE runs SET config = (config || $2::jsonb) - $3::text[], results = '{"sampleKey": "s1"}' WHERE id = $1`, [
      seeded.runId,
      JSON.stringify(budget === null ? config : { ...config, budget }),
      budget === null ? ['budget'] : [],
    ]);
    const store = open(16);
    const services = {
      ...{ pool, artifacts, chat: null, completions: reader(), requests: store, cache: createRunCache(2) },
      prices: { own: [{ model: endpoint.model, ...PRICE }] },
    } as Partial<WorkerServices> as WorkerServices;
    const context: TaskContext = {
      ...{ runId: BigInt(seeded.runId), taskId: 1n, fence: 1, signal: new AbortController().signal, progress: () => undefined },
      commit: async (write) => void (await transaction(pool, write)),
    };
    await scoreLlm(services)({ runId: seeded.runId, latents, scorers: ['surprisal'] }, context);
    await store.close();
    const run = await loadRun(pool, seeded.runId);
    const { rows } = await pool.query<{ value: number | null; n_failed: number; provenance: Record<string, unknown> }>(
      `SELECT value, n_failed, provenance FROM scores WHERE coder_id = $1 AND scorer = 'surprisal' ORDER BY latent_index`,
      [seeded.coderId],
    );
    return {
      scores: rows,
      figures: (await transaction(pool, (client) => llmFigures(client, run))) as {
        llm: { calls: number; reused: number; byPurpose: object; stopped: unknown };
      },
    };
  };

  it('stops cleanly at its budget, and a larger one goes on without reading a prompt twice', async () => {
    const some = await score({ tokens: 120_000 });
    expect(some.scores.length).toBeLessThan(LATENTS);
    // An exam that could not be paid for is no failed exam.
    expect(some.scores.filter(({ value, n_failed: failed }) => value === null || failed > 0)).toEqual([]);
    expect(some.figures.llm.stopped).not.toBeNull();
    const made = endpoint.calls.length;
    expect(made).toBeGreaterThan(0);

    const whole = await score(null);
    expect(whole.scores.length).toBe(LATENTS);
    const read = endpoint.calls.map(({ body }) => String(body['prompt']));
    expect(new Set(read).size).toBe(read.length);
    expect(read.length).toBeGreaterThan(made);
    expect(Object.keys(whole.figures.llm.byPurpose)).toEqual(['score.surprisal']);
    expect(whole.figures.llm.calls).toBe(endpoint.calls.length);
    for (const { provenance } of whole.scores) {
      expect(provenance).toMatchObject({ model: 'base-1', readModel: 'base-1', readEndpoint: endpoint.host });
      expect((provenance['raw'] as string[]).length).toBe(provenance['calls']);
      expect(provenance['cost']).toBeGreaterThan(0);
    }
  });
});
