import { expect, it } from 'vitest';
import { runConfigSchema } from '#lib/run/schema.ts';
import { AppError } from '#lib/errors/app-error.ts';
import type { Embedder } from '#gpu-worker/embed/embedder.ts';
import { embedsWindows, plannedEmbedder, planSample } from './plan-sample.ts';
import type { RunFacts } from './run-facts.ts';

const run = (config: Record<string, unknown> = {}, results: RunFacts['results'] = {}): RunFacts =>
  ({ config: runConfigSchema.parse({ model: 'm', coder: 'c', ...config }), results }) as Partial<RunFacts> as RunFacts;
const having = (id: string) => ({ embedder: () => Promise.resolve({ id } as Partial<Embedder> as Embedder) });
const away = { embedder: () => Promise.reject<Embedder>(new AppError('upstream_failed', 'The endpoint is away.')) };
const rule = { explainers: ['lexical'], scorers: ['rule'] };

it('settles a sample’s address by all that determines it, the embedder only where the protocol searches by meaning', async () => {
  const keyOf = async (config: Record<string, unknown>, embedder = 'mini@1', activations = 'a') =>
    (await planSample(having(embedder), run(config), activations)).sampleKey;
  const keys = await Promise.all([
    keyOf({}),
    keyOf({ seed: 1 }),
    keyOf({}, 'mini@2'),
    keyOf({}, 'mini@1', 'b'),
    keyOf({ protocol: 'paper' }),
    keyOf({ protocol: 'delphi' }),
  ]);
  expect(new Set(keys).size).toBe(keys.length);
  expect(await keyOf({ scorers: [], tokens: 20_000 })).toBe(keys[0]);
  expect(await keyOf({ protocol: 'paper' }, 'mini@2')).toBe(keys[4]);
});

it('goes on without windows near in meaning where no embedder is there and none is asked for, and says why', async () => {
  const plan = await planSample(away, run(rule), 'a');
  expect(plan).toMatchObject({ similarEmbedder: null, similarMissing: expect.stringContaining('The endpoint is away.') as string });
  expect(plan.sampleKey).not.toBe((await planSample(having('mini@1'), run(rule), 'a')).sampleKey);
  expect(await planSample(away, run({ ...rule, protocol: 'paper' }), 'a')).toMatchObject({ similarEmbedder: null, similarMissing: null });
  await expect(planSample(away, run(), 'a')).rejects.toThrow('The endpoint is away.');
});

it('embeds windows for the score, or to search by meaning, with the embedder that was planned', async () => {
  expect(embedsWindows(run(rule, { similarEmbedder: null }))).toBe(false);
  expect(embedsWindows(run(rule, { similarEmbedder: 'mini@1' }))).toBe(true);
  expect(embedsWindows(run({ protocol: 'paper' }, { similarEmbedder: null }))).toBe(true);
  expect((await plannedEmbedder(having('mini@1'), run({}, { similarEmbedder: 'mini@1' }))).id).toBe('mini@1');
  await expect(plannedEmbedder(having('mini@2'), run({}, { similarEmbedder: 'mini@1' }))).rejects.toThrow('give all workers the same');
});
