import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenAiChatClient } from '#gpu-worker/llm/openai-chat-client.ts';
import { windowText } from '#gpu-worker/llm/prompt-text.ts';
import { createRequestStore, type RequestStore } from '#gpu-worker/llm/requests/request-store.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { countTokenFrequency, tokenCounts } from '#gpu-worker/score/fuzzing/token-traits.ts';
import { taskHandlers } from '#gpu-worker/stages/handlers.ts';
import { createRunCache } from '#gpu-worker/stages/run-cache.ts';
import { loadRun } from '#gpu-worker/stages/run-facts.ts';
import { runFigures } from '#gpu-worker/stages/run-figures.ts';
import { unitHash } from '#lib/random/hash.ts';
import { verdictsSchema } from '#lib/score/schema.ts';
import { transaction } from '#platform/database/transaction.ts';
import { createEmbeddedEngine } from '#platform/search/embedded.ts';
import type { TaskContext } from '#platform/queue/types.ts';
import type { ChatEndpoint, DoubleMessage, Misbehaviour } from '#tests/doubles/chat-endpoint.ts';
import { memoryArtifacts } from '#tests/doubles/memory-artifacts.ts';
import { silent } from '#tests/integration/queue/fixtures.ts';
import { seedCoder, seedExamples, type Seeded } from '#tests/integration/server/seed.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { plantedCoder } from '#tests/planted/latents.ts';
import { startOracle } from '#tests/planted/oracle-endpoint.ts';

/*
 * The same planted run against an endpoint that behaves and against one that does everything endpoints do: what the second
 * leaves in the database must be what the first leaves, but for two items that it never answers usably, and its figures and
 * events must say so.
 */
const { pool } = await withDatabase();
const COUNT = 12;
const TIMEOUT_MS = 1500;
const PLANTED = plantedCoder({ seed: 22, documents: 240, count: COUNT }).latents;
const JUNK: Misbehaviour = { kind: 'text', text: 'I would rather not say.' };

/** What a prompt meets when it comes for the first time; the second time it is answered. */
const FAULTS: readonly Misbehaviour[] = [
  { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'slow', ms: null },
  { kind: 'hang_up' },
  { kind: 'cut' },
  { kind: 'truncated' },
  { kind: 'short_list' },
  { kind: 'prose' },
  { kind: 'code_fence' },
  { kind: 'body', body: '{"choices": [{"mess' },
];
const SPOILT: ReadonlySet<string> = new Set(['truncated', 'short_list']);
const FAULTY_SHARE = 0.4;

/** The latent whose explanation is never given, and a firing window on which no verdict is ever given. */
const MUTE = PLANTED[3]!;
const POISON = windowText(PLANTED[0]!.examples.find(({ split, kind }) => split === 'test' && kind === 'activating')!);
const muteText = windowText(MUTE.examples.find(({ split }) => split === 'train')!);

interface Ill {
  met: Map<string, number>;
  misbehave: (call: number, messages: DoubleMessage[]) => Misbehaviour | null;
}

/** Marks of fuzzing stand inside the words. */
const plain = (text: string): string => text.replace(/[«»]/g, '');

function illness(): Ill {
  const seen = new Set<string>();
  const met = new Map<string, number>();
  return {
    met,
    misbehave(_, messages) {
      const shown = plain(messages.map(({ content }) => content).join('\n'));
      const judging = shown.includes('Description: ');
      if (judging ? shown.includes(POISON) : shown.includes(muteText)) return JUNK;
      if (seen.has(shown)) return null;
      seen.add(shown);
      const drawn = unitHash(shown);
      if (drawn >= FAULTY_SHARE) return null;
      const fault = FAULTS[Math.floor((drawn / FAULTY_SHARE) * FAULTS.length)]!;
      // What is asked again, alone, is answered: an item whose every answer is spoilt is the poisoned one.
      if (SPOILT.has(fault.kind) && (judging ? shown.includes('one verdict:') : shown.includes('cannot be used'))) return null;
      met.set(fault.kind, (met.get(fault.kind) ?? 0) + 1);
      return fault;
    },
  };
}

interface Ended {
  seeded: Seeded;
  endpoint: ChatEndpoint;
  results: Record<string, unknown>[];
  figures: Record<string, unknown>;
  slept: number[];
}

const endpoints: ChatEndpoint[] = [];
const stores: RequestStore[] = [];
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
});

/** Explains and scores a planted run, and works out its figures. */
async function runOn(coder: string, misbehave: Ill['misbehave'] | null): Promise<Ended> {
  const seeded = await seedCoder(pool, {
    model: 'planted',
    coder,
    latents: PLANTED.map(({ index }) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 10, explanation: null, score: null })),
  });
  for (const { index, examples } of PLANTED) await seedExamples(pool, seeded, index, examples);
  const config = { explainers: ['default'], scorers: ['detection', 'fuzzing'], detectionControl: 'none', negatives: ['random'] };
  await pool.query(`UPDATE runs SET config = config || $2::jsonb, results = $3 WHERE id = $1`, [
    seeded.runId,
    JSON.stringify(config),
    JSON.stringify({ sampleKey: 's1', dataKey: 'd1', width: COUNT }),
  ]);
  const endpoint = await startOracle(misbehave ? { misbehave } : {});
  endpoints.push(endpoint);
  const slept: number[] = [];
  const chat = createOpenAiChatClient({
    baseUrl: endpoint.baseUrl,
    apiKey: null,
    model: endpoint.model,
    timeoutMs: TIMEOUT_MS,
    sleep: (ms) => Promise.resolve(void slept.push(ms)),
  });
  const artifacts = memoryArtifacts();
  const requests = createRequestStore({ pool, artifacts, workerId: coder, onError: (error) => expect.fail(String(error)) });
  stores.push(requests);
  const cache = createRunCache(2);
  // Counted over the run's text, of which there is none here: the planted words are about equally frequent.
  await cache.get('token frequency:d1', async () => countTokenFrequency(tokenCounts([])));
  const handlers = taskHandlers({
    ...{ pool, chat, completions: null, requests, prices: { own: [] }, artifacts, cache, models: createRunCache(1), log: silent },
    search: createEmbeddedEngine({ pool, vectorScan: null }),
    embedder: () => Promise.reject(new Error('nothing is embedded')),
    ...{ threads: 1, device: 'cpu' },
  });
  const results: Record<string, unknown>[] = [];
  const context: TaskContext = {
    runId: BigInt(seeded.runId),
    taskId: 1n,
    fence: 1,
    signal: new AbortController().signal,
    progress: () => undefined,
    commit: async (write) => void results.push(await transaction(pool, write)),
  };
  const payload = { runId: seeded.runId, latents: PLANTED.map(({ index }) => index) };
  await handlers['explain.llm'](payload, context);
  await handlers['score.llm']({ ...payload, scorers: ['detection', 'fuzzing'] }, context);
  const run = await loadRun(pool, seeded.runId);
  return { seeded, endpoint, results, figures: await transaction(pool, (client) => runFigures(client, run)), slept };
}

const explanationsOf = async ({ coderId }: Seeded) =>
  (await pool.query<{ latent: number; text: string }>(`SELECT latent_index AS latent, text FROM explanations WHERE coder_id = $1 ORDER BY 1`, [coderId])).rows;
const scoresOf = async ({ coderId }: Seeded) =>
  (
    await pool.query<{ latent: number; scorer: string; value: number | null; positives: number; negatives: number; failed: number; verdicts: unknown }>(
      `SELECT latent_index AS latent, scorer, value, n_positives AS positives, n_negatives AS negatives, n_failed AS failed, verdicts
         FROM scores WHERE coder_id = $1 ORDER BY 1, 2`,
      [coderId],
    )
  ).rows;

describe('a run against an endpoint that misbehaves', () => {
  let well: Ended;
  let ill: Ended;
  const { met, misbehave } = illness();
  beforeAll(async () => {
    well = await runOn('well', null);
    ill = await runOn('ill', misbehave);
  }, 240_000);

  it('met every kind of fault', () => {
    expect([...met.keys()].sort()).toEqual([...new Set(FAULTS.map(({ kind }) => kind))].sort());
  });

  it('waits as long as Retry-After says', () => {
    expect(ill.slept).toContain(1000);
    expect(well.slept).toEqual([]);
  });

  it('explains every latent as the other run does, but the one that was never answered usably', async () => {
    const expected = (await explanationsOf(well.seeded)).filter(({ latent }) => latent !== MUTE.index);
    expect(expected.length).toBe(COUNT - 1);
    expect(await explanationsOf(ill.seeded)).toEqual(expected);
    for (const { latent, text } of expected) expect(text).toBe(PLANTED[latent]!.explanation);
  });

  it('counts no fault as a wrong verdict: all verdicts are the other run’s, but for the window that has none', async () => {
    const expected = (await scoresOf(well.seeded)).filter(({ latent }) => latent !== MUTE.index);
    const found = await scoresOf(ill.seeded);
    expect(found.map(({ latent, scorer }) => [latent, scorer])).toEqual(expected.map(({ latent, scorer }) => [latent, scorer]));
    for (const [i, { latent, failed, positives, negatives, value, verdicts }] of found.entries()) {
      const { windows } = examOf(PLANTED[latent]!.examples);
      const poisoned = windows.filter((window) => windowText(window) === POISON).length;
      expect(failed).toBe(poisoned);
      expect(positives + negatives + failed).toBe(windows.length);
      expect(value).toBe(1);
      const key = ({ row, start }: { row: number; start: number }): string => `${row} ${start}`;
      const other = new Map(verdictsSchema.parse(expected[i]!.verdicts).map((verdict) => [key(verdict), verdict.right]));
      const own = verdictsSchema.parse(verdicts);
      expect(own.filter(({ right }) => right === null).length).toBe(poisoned);
      for (const verdict of own) if (verdict.right !== null) expect(verdict.right).toBe(other.get(key(verdict)));
    }
    expect(found.some(({ failed }) => failed > 0)).toBe(true);
  });

  it('says in figures, results and events what came of it', async () => {
    expect(ill.results[0]).toMatchObject({ explained: COUNT - 1, failed: 1 });
    const lost = (await scoresOf(ill.seeded)).reduce((sum, { failed }) => sum + failed, 0);
    expect(ill.results[1]).toMatchObject({ scores: 2 * (COUNT - 1), failed: 0, windowsFailed: lost });
    expect(ill.figures).toMatchObject({
      explanations: { default: { explained: { default: COUNT - 1 }, failed: { bad_answer: 1 } } },
      scores: { detection: { score: { n: COUNT - 1, median: 1 } }, fuzzing: { score: { n: COUNT - 1, median: 1 } } },
    });
    const { rows } = await pool.query<{ event: string; level: string; data: Record<string, unknown> }>(
      'SELECT event, level, data FROM run_events WHERE run_id = $1 ORDER BY id',
      [ill.seeded.runId],
    );
    expect(rows).toMatchObject([
      { event: 'explanations_failed', level: 'warn', data: { failed: 1, causes: { bad_answer: { count: 1, latents: [MUTE.index] } } } },
      { event: 'scores_failed', level: 'warn', data: { windowsFailed: lost, failed: 0 } },
    ]);
    const quiet = await pool.query('SELECT 1 FROM run_events WHERE run_id = $1', [well.seeded.runId]);
    expect(quiet.rowCount).toBe(0);
  });

  it('pays for no answer twice, and counts what it paid for', async () => {
    const { rows } = await pool.query<{ calls: number }>('SELECT coalesce(sum(calls), 0)::int AS calls FROM llm_run_usage WHERE run_id = $1', [
      ill.seeded.runId,
    ]);
    // Paid for: what came with status 200 and could be read as an answer at all.
    const read = ill.endpoint.calls.filter(({ status }) => status === 200).length - met.get('body')!;
    expect(rows[0]!.calls).toBe(read);
  });
});
