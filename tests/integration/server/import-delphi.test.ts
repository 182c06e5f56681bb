import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { importDelphiResults, type DelphiImport } from '#gpu-worker/catalogue/delphi-results/import-results.ts';
import { ANONYMOUS } from '#server/access/actor.ts';
import { type ApiCaller, createCaller } from '#server/api/router.ts';
import { readReport } from '#server/reports/read-report.ts';
import { runOptions } from '#server/runs/options.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { seedCoder, type SeededLatent } from './seed.ts';
import { testServer } from './test-server.ts';

const FOLDER = fileURLToPath(new URL('../../golden/delphi-results', import.meta.url));
const figures = z.record(z.string(), z.number().nullable());
const expectedSchema = z.object({
  pooled: z.record(z.string(), figures),
  latents: z.record(z.string(), z.record(z.string(), figures)),
});

/** All but latent 41 of those in the folder. */
const latents: SeededLatent[] = [3, 7, 20, 50].map((index) => ({ index, status: 'ready', frequency: 0.01, maxActivation: 8, explanation: null, score: null }));

let pool: Pool;
let api: ApiCaller;
let done: DelphiImport;
let expected: z.infer<typeof expectedSchema>;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'atlas-delphi-'));
  const database = await withDatabase();
  pool = database.pool;
  await seedCoder(pool, { model: 'm', coder: 'c', latents });
  await pool.query('update sparse_coders set width = 64');
  api = createCaller({ server: await testServer(database), actor: ANONYMOUS });
  expected = expectedSchema.parse(JSON.parse(await readFile(join(FOLDER, 'expected.json'), 'utf8')));
  done = await importDelphiResults(pool, { folder: FOLDER, model: 'm', coder: 'c' });
});
afterAll(() => rm(scratch, { recursive: true }));

test('counts what was taken, what delphi could not parse and what the catalogue does not know', () => {
  expect(done).toMatchObject({ already: false, explanations: 3, unparsed: 1, scores: 9, unknown: 1 });
});

test.each([3, 7, 20])('latent %i has the metrics of scikit-learn and SciPy, and its failures', async (index) => {
  const { explanations } = await api.latents.get({ model: 'm', coder: 'c', index });
  const [explanation] = explanations;
  expect(explanation).toMatchObject({ method: 'imported', explainer: 'scripted', protocol: 'delphi' });
  const truth = expected.latents[`layers.1_latent${index}`]!;
  const score = (name: string) => explanation!.scores.find(({ scorer }) => scorer === name)!;
  for (const [scorer, part] of [['detection', 'detection'], ['fuzzing', 'fuzz']] as const) {
    const { balanced_accuracy: accuracy, auroc, failed, positives, negatives } = truth[part]!;
    expect(score(scorer)).toMatchObject({ metric: 'balanced_accuracy', nFailed: failed, nPositives: positives, nNegatives: negatives });
    expect(score(scorer).value).toBeCloseTo(accuracy!, 12);
    expect(score(scorer).lower).toBeLessThan(accuracy!);
    if (auroc !== undefined) expect(score(scorer).parts.metrics[0]?.value).toBeCloseTo(auroc!, 12);
  } // prettier-ignore
  expect(score('simulation').value).toBeCloseTo(truth['simulation']!['pearson_r']!, 12);
});

test('every verdict stands with its window', async () => {
  const { explanations } = await api.latents.get({ model: 'm', coder: 'c', index: 20 });
  for (const scorer of ['detection', 'fuzzing']) {
    const { id } = explanations[0]!.scores.find((score) => score.scorer === scorer)!;
    const exam = await api.latents.exam({ model: 'm', coder: 'c', index: 20, score: id });
    expect(exam.verdicts).toHaveLength(40);
    expect(exam.verdicts.filter(({ right }) => right === null)).toHaveLength(5);
    for (const { window, positive } of exam.verdicts) expect(window!.tokens.includes(' ship')).toBe(positive);
  }
});

test('delphi’s pooled figures stand beside ours, equal to its own', async () => {
  // Over all four latents, as delphi pools them.
  await pool.query(
    `insert into latents (coder_id, index, run_id, status, firing_count, token_count, frequency, max_activation, mean_activation, histogram, train_windows, test_windows, train_documents, test_documents)
     select coder_id, 41, run_id, status, firing_count, token_count, frequency, max_activation, mean_activation, histogram, train_windows, test_windows, train_documents, test_documents
       from latents where index = 3`,
  );
  const folder = join(scratch, 'touched');
  await cp(FOLDER, folder, { recursive: true });
  await writeFile(join(folder, 'explanations', 'layers.1_latent50.txt'), '"Now parsed"');
  const { scorers } = await importDelphiResults(pool, { folder, model: 'm', coder: 'c' });
  for (const [scorer, part] of [['detection', 'detection'], ['fuzzing', 'fuzz']] as const) {
    const pooled = scorers.find((one) => one.scorer === scorer)!.pooled!;
    const theirs = expected.pooled[part]!;
    expect(pooled.balancedAccuracy).toBeCloseTo(theirs['accuracy']!, 12);
    expect(pooled.f1).toBeCloseTo(theirs['f1_score']!, 12);
    expect(pooled.windows).toBe(theirs['total_examples']);
  } // prettier-ignore
});

test('the run has a report, and its text is not offered for runs', async () => {
  const { report } = await readReport(pool, done.runId);
  expect(report.run.protocol).toBe('delphi');
  expect(report.lines.map(({ method, scorer, score }) => [method, scorer, score?.n])).toEqual([
    ['imported', 'detection', 3],
    ['imported', 'fuzzing', 3],
    ['imported', 'simulation', 3],
  ]);
  expect(report.failures).toContainEqual({ stage: 'explain', what: 'imported', cause: 'bad_answer', n: 1 });
  const { texts } = await runOptions(pool, { llm: null });
  expect(texts.map(({ slug }) => slug)).not.toContain('delphi-none');
});

test('the same folder is taken once', async () => {
  const again = await importDelphiResults(pool, { folder: FOLDER, model: 'm', coder: 'c' });
  expect(again).toMatchObject({ already: true, runId: done.runId });
});

describe('refuses', () => {
  test('a folder that is none of delphi’s', async () => {
    await expect(importDelphiResults(pool, { folder: scratch, model: 'm', coder: 'c' })).rejects.toMatchObject({ code: 'not_found' });
  });
  test('a coder that is not known', async () => {
    await expect(importDelphiResults(pool, { folder: FOLDER, model: 'm', coder: 'x' })).rejects.toMatchObject({ code: 'not_found', field: 'coder' });
  });
  test('latents beyond the coder’s width', async () => {
    await seedCoder(pool, { model: 'm', coder: 'narrow', latents: latents.slice(0, 1) });
    await expect(importDelphiResults(pool, { folder: FOLDER, model: 'm', coder: 'narrow' })).rejects.toMatchObject({ code: 'bad_request', field: 'coder' });
  });
  test('a file that delphi did not write, by name, leaving nothing', async () => {
    const folder = join(scratch, 'damaged');
    await cp(FOLDER, folder, { recursive: true });
    await writeFile(join(folder, 'scores', 'fuzz', 'layers.1_latent7.txt'), '[{"str_tokens": 1}]');
    const count = async (): Promise<unknown> => (await pool.query('select count(*) from runs')).rows;
    const before = await count();
    await expect(importDelphiResults(pool, { folder, model: 'm', coder: 'c' })).rejects.toMatchObject({
      code: 'corrupt_file',
      message: expect.stringContaining('layers.1_latent7.txt'),
    });
    expect(await count()).toEqual(before);
  });
  test('several modules without a choice', async () => {
    const folder = join(scratch, 'several');
    await cp(FOLDER, folder, { recursive: true });
    await cp(join(folder, 'explanations', 'layers.1_latent3.txt'), join(folder, 'explanations', 'layers.2--mlp_latent3.txt'));
    await expect(importDelphiResults(pool, { folder, model: 'm', coder: 'c' })).rejects.toMatchObject({
      field: 'hookpoint',
      message: expect.stringContaining('layers.1, layers.2/mlp'),
    });
  });
});
