import { beforeAll, expect, test } from 'vitest';
import type { Pool } from 'pg';
import { reportHtml } from '#lib/report/html.ts';
import { reportMarkdown } from '#lib/report/markdown.ts';
import { runReportSchema } from '#lib/report/schema.ts';
import { getLatent } from '#server/catalogue/latent-detail.ts';
import { coderPrecision } from '#server/catalogue/precisions.ts';
import { compareRuns } from '#server/reports/against.ts';
import { FILE_THEME, reportPlots } from '#server/reports/plots.ts';
import { readReport, type ReadReport } from '#server/reports/read-report.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { type Seeded, seedCoder, seedExamples, type SeededLatent } from './seed.ts';

const VALUES = [0.55, 0.61, 0.67, 0.7, 0.74, 0.8, 0.92];
const latents: SeededLatent[] = [...VALUES, null].map((value, i) => ({
  index: i,
  status: 'ready',
  frequency: (i + 1) / 1000,
  maxActivation: 1,
  explanation: `Sentence ${i} <b>`,
  score: value === null ? null : { value, lower: value - 0.1, upper: value + 0.1, control: 0.5 },
}));

let pool: Pool;
let coder: Seeded;
let read: ReadReport;

/** What the explain stage leaves of a run: which explanation came of what was asked. */
const attempts = (seeded: Seeded): Promise<unknown> =>
  pool.query(
    `insert into explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key)
     select coder_id, latent_index, run_id, method, method, input_key from explanations where coder_id = $1`,
    [seeded.coderId],
  );

beforeAll(async () => {
  ({ pool } = await withDatabase());
  coder = await seedCoder(pool, { model: 'm', coder: 'c', latents });
  await pool.query(`update runs set results = '{"sampleKey": "s1", "tokens": 9999}' where id = $1`, [coder.runId]);
  await attempts(coder);
  await pool.query(
    `insert into explanation_attempts (coder_id, latent_index, run_id, asked, cause, message) values ($1, 0, $2, 'contrastive', 'bad_answer', 'No JSON.')`,
    [coder.coderId, coder.runId],
  );
  // A failed detection, and one of an explanation by another method that the run did not ask for.
  await pool.query(
    `insert into scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, n_positives, n_negatives, n_failed, failure, exam, verdicts, provenance, input_key)
     select coder_id, latent_index, id, run_id, 'detection', 'balanced_accuracy', 0, 0, 100, 'No answers.', 'test', '[]', '{"failures": {"upstream": 100, "bad_answer": 0}}', 'k2'
       from explanations where coder_id = $1 and latent_index = 3`,
    [coder.coderId],
  );
  await pool.query(`insert into llm_run_usage (run_id, purpose, calls, tokens_in, tokens_out, cost) values ($1, 'explain', 3, 3000, 90, 0.25)`, [coder.runId]);
  const share = (value: number) => ({ value, lower: value / 2, upper: 1 });
  for (const [latent, value] of [[0, 0.2], [1, 0.6], [2, 0.9]] as const)
    await pool.query(
      `insert into precisions (coder_id, latent_index, explanation_id, run_id, scorer, figures, provenance, input_key)
       select coder_id, latent_index, id, run_id, 'embedding', $3, '{}', 'k' from explanations where coder_id = $1 and latent_index = $2`,
      [coder.coderId, latent, { rate: 0.02, precision: share(value), firing: share(0.5), falseAlarms: share(0.01), cut: 0.4, nFiring: 50, nSilent: 1000, nFailed: 1 }],
    ); // prettier-ignore
  read = await readReport(pool, coder.runId);
});

test('the numbers are those of the rows', () => {
  const report = runReportSchema.parse(read.report);
  expect(report.run).toMatchObject({ model: 'm', coder: 'c', tokens: 9999, protocol: 'atlas', state: 'finished' });
  expect(report.coverage.explained).toEqual([{ method: 'lexical', explainers: ['lexical-1'], latents: 8 }]);
  // The detection that failed has its line beside what could be scored.
  expect(report.lines).toHaveLength(2);
  expect(report.lines[0]).toMatchObject({ method: 'lexical', scorer: 'detection', score: null, failedScores: 1 });
  expect(report.lines[1]).toMatchObject({
    method: 'lexical',
    scorer: 'embedding',
    score: { n: 7, median: { value: 0.7 } },
    control: { median: { value: 0.5 } },
    failedScores: 0,
  });
  // .55 less .1 is below chance, .61 less .1 is above.
  expect(report.lines[1]?.aboveNull.value).toBeCloseTo(6 / 7, 12);
  expect(report.failures).toEqual([
    { stage: 'explain', what: 'contrastive', cause: 'bad_answer', n: 1 },
    { stage: 'score', what: 'detection', cause: 'upstream', n: 100 },
  ]);
  expect(report.cost).toEqual({ calls: 3, tokensIn: 3000, tokensOut: 90, usd: 0.25 });
});

test('the precision at the natural rate is summed up over the latents that were measured', async () => {
  expect(read.report.precision).toEqual([
    {
      ...{ method: 'lexical', scorer: 'embedding', latents: 3, withValue: 3, medianRate: 0.02, nFiring: 150, nSilent: 3000, nFailed: 3 },
      precision: { median: 0.6, q1: 0.4, q3: 0.75, lower: 0.2, upper: 0.9 },
      firing: { median: 0.5, q1: 0.5, q3: 0.5, lower: 0.5, upper: 0.5 },
    },
  ]);
  expect(await coderPrecision(pool, coder.coderId)).toEqual(read.report.precision);
  // What another protocol's run measures, later and of the same latents, is not mixed in.
  await pool.query(
    `with other as (insert into runs (config, config_hash, model_id, coder_id, text_source_id, protocol, started_at, finished_at)
       select config, 'p', model_id, coder_id, text_source_id, 'paper', now(), now() from runs where id = $2 returning id)
     insert into precisions (coder_id, latent_index, explanation_id, run_id, scorer, figures, provenance, input_key)
     select coder_id, latent_index, explanation_id, other.id, scorer, jsonb_set(figures, '{rate}', '0.5'), '{}', 'paper' from precisions, other where coder_id = $1`,
    [coder.coderId, coder.runId],
  );
  expect(await coderPrecision(pool, coder.coderId)).toEqual(read.report.precision);
  expect((await readReport(pool, coder.runId)).report.precision).toEqual(read.report.precision);
  await pool.query(`delete from precisions where input_key = 'paper'`);
  await pool.query(`delete from runs where protocol = 'paper'`);
  expect((await getLatent(pool, 'm', 'c', 1)).explanations[0]?.precisions).toMatchObject([{ scorer: 'embedding', runId: coder.runId, precision: { value: 0.6 }, nSilent: 1000 }]); // prettier-ignore
  expect((await getLatent(pool, 'm', 'c', 5)).explanations[0]?.precisions).toEqual([]);
  const markdown = reportMarkdown(read.report, [], '');
  expect(markdown).toContain('## At the rate at which latents fire');
  expect(markdown).toContain('| lexical | Embedding | 3 | 2.0 % | 0.600 \\[0.200, 0.900\\], 0.400–0.750 |');
});

test('what delphi pools stands beside ours, for imported results alone', async () => {
  expect(read.report.delphiPooled).toBeNull();
  expect(reportMarkdown(read.report, [], '')).not.toContain('delphi');
  const pooled = { balancedAccuracy: 0.61, f1: 0.5, precision: 0.4, recall: 0.7, windows: 900, failed: 100 };
  await pool.query(`update runs set results = results || $2 where id = $1`, [
    coder.runId,
    { delphiPooled: [{ scorer: 'detection', latents: 10, median: 0.66, failed: 100, pooled }, { scorer: 'simulation', latents: 10, median: null, failed: 0, pooled: null }] },
  ]); // prettier-ignore
  const { report } = await readReport(pool, coder.runId);
  expect(report.delphiPooled).toMatchObject([
    { scorer: 'detection', pooled },
    { scorer: 'simulation', pooled: null },
  ]);
  const markdown = reportMarkdown(report, [], '');
  expect(markdown).toContain('| Detection | 0.610 | 0.500 | 0.400 | 0.700 | 900 | 100 | 0.660 | 10 |');
  expect(reportHtml(report, [])).toContain('<td>0.610</td><td>0.500</td>');
  await pool.query(`update runs set results = results - 'delphiPooled' where id = $1`, [coder.runId]);
});

test('a newer score that only lacked answers does not hide one that had them', async () => {
  await pool.query(
    `insert into scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, n_positives, n_negatives, n_failed, failure, exam, verdicts, provenance, input_key)
     select coder_id, latent_index, id, run_id, 'embedding', 'auroc', 0, 0, 100, 'No answers.', 'test', '[]', '{"failures": {"upstream": 100}}', 'k3'
       from explanations where coder_id = $1 and latent_index = 4`,
    [coder.coderId],
  );
  expect((await readReport(pool, coder.runId)).report.lines[1]?.score).toEqual(read.report.lines[1]?.score);
});

test('two runs of one coder are compared latent by latent', async () => {
  const { rows } = await pool.query<{ id: string }>(
    `insert into runs (config, config_hash, model_id, coder_id, text_source_id, protocol, results, started_at, finished_at)
     select config, config_hash, model_id, coder_id, text_source_id, protocol, results, now(), now() from runs where id = $1 returning id`,
    [coder.runId],
  );
  const second = rows[0]!.id;
  await pool.query(
    `with made as (
       insert into explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
       select coder_id, latent_index, $2, method, explainer, text, provenance, 'second' from explanations where coder_id = $1 returning id, coder_id, latent_index),
     scored as (
       insert into scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
       select made.coder_id, made.latent_index, made.id, $2, s.scorer, s.metric, s.value - 0.05, s.lower, s.upper, 50, 50, 0, 'test', '[]', '{}', 'second'
         from made join scores s on s.coder_id = made.coder_id and s.latent_index = made.latent_index and s.value is not null)
     insert into explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key)
     select coder_id, latent_index, $2, 'lexical', 'lexical', 'second' from made`,
    [coder.coderId, second],
  );
  const [comparison, ...more] = compareRuns(read, await readReport(pool, second));
  expect(more).toEqual([]);
  expect(comparison).toMatchObject({ kind: 'paired', n: 7, scorer: 'embedding', a: `run ${coder.runId}, lexical`, b: `run ${second}, lexical` });
  expect(comparison?.meanDifference.value).toBeCloseTo(0.05, 12);
  expect(comparison?.aHigher?.value).toBe(1);
});

test('a run that judges the explanations of another has figures of its own, and the other keeps its own', async () => {
  const { rows } = await pool.query<{ id: string }>(
    `insert into runs (config, config_hash, model_id, coder_id, text_source_id, protocol, results, started_at, finished_at)
     select config, config_hash, model_id, coder_id, text_source_id, protocol, results, now(), now() from runs where id = $1 returning id`,
    [coder.runId],
  );
  const third = rows[0]!.id;
  await pool.query(
    `insert into explanation_attempts (coder_id, latent_index, run_id, asked, method, input_key)
     select coder_id, latent_index, $2, asked, method, input_key from explanation_attempts where run_id = $1 and input_key is not null`,
    [coder.runId, third],
  );
  // Nothing judged anew: the scores that the run found.
  expect((await readReport(pool, third)).report.lines[1]?.score).toEqual(read.report.lines[1]?.score);
  // The same explanations by another judge, and once more with its controls: the same answers, which failed as often.
  for (const key of ['other', 'other control'])
    await pool.query(
      `insert into scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
       select coder_id, latent_index, explanation_id, $2, scorer, metric, value - 0.1, lower, upper, 49, 50, 1, 'test', '[]', '{"failures": {"bad_answer": 1}}', $3
         from scores where run_id = $1 and scorer = 'embedding' and value is not null and input_key not like 'other%'`,
      [coder.runId, third, key],
    );
  const [own, theirs] = [await readReport(pool, coder.runId), await readReport(pool, third)];
  expect(own.report.lines[1]?.score).toEqual(read.report.lines[1]?.score);
  expect(compareRuns(own, theirs)[0]?.meanDifference.value).toBeCloseTo(0.1, 12);
  expect(theirs.report.failures).toContainEqual({ stage: 'score', what: 'embedding', cause: 'bad_answer', n: VALUES.length });
  expect(theirs.report.lines[1]?.failedItems).toBe(VALUES.length);
  expect(own.report.failures.filter(({ what }) => what === 'embedding')).toEqual([]);
});

test('it is written as a page and as Markdown, with its figures and nothing of what it quotes as markup', async () => {
  const plots = await reportPlots(read.report, read.observations, FILE_THEME);
  expect(plots.map(({ name }) => name)).toEqual(['distribution-embedding-auroc', 'frequency-embedding-auroc']);
  for (const { svg } of plots) expect(svg).toMatch(/^<svg .*<\/svg>$/s);
  const evil = { ...read.report, run: { ...read.report.run, text: '<script>x</script>' } };
  expect(reportHtml(evil, plots)).not.toContain('<script>');
  const markdown = reportMarkdown(evil, plots, 'figures');
  expect(markdown).not.toContain('<script>');
  expect(markdown).toContain('(figures/distribution-embedding-auroc.svg)');
  expect(markdown).toContain('0.700 \\[');
});

test('a run that is not there is said to be not there', async () => {
  await expect(readReport(pool, '999999')).rejects.toMatchObject({ code: 'not_found', message: 'There is no run 999999.' });
});

test('latents that another run has looked at under the same sample are not the run’s', async () => {
  const few = await seedCoder(pool, { model: 'm-few', coder: 'c', latents });
  for (const index of [0, 1, 5]) await seedExamples(pool, few, index);
  await pool.query(`update runs set results = '{"sampleKey": "s1"}', config = config || '{"latents": {"first": 2}}' where id = $1`, [few.runId]);
  await pool.query(
    `insert into scores (coder_id, latent_index, run_id, scorer, metric, value, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
     select $1, i, $2, 'intruder', 'accuracy', 0.5, 5, 5, 0, 'test', '[]', '{"sampleKey": "s1"}', 'k' || i from unnest('{1, 5}'::int[]) as i`,
    [few.coderId, few.runId],
  );
  const { report } = await readReport(pool, few.runId);
  expect(Object.values(report.coverage.latents).reduce((all, n) => all + n, 0)).toBe(2);
  expect(report.lines.find(({ scorer }) => scorer === 'intruder')).toMatchObject({ score: { n: 1 } });
});
