import { beforeAll, describe, expect, test } from 'vitest';
import { coderSummarySchema, LATENT_SORTS, latentDetailSchema, type LatentListInput, latentListInputSchema, type LatentRow } from '#lib/catalogue/schema.ts';
import { topExamples } from '#server/catalogue/examples.ts';
import { listLatents } from '#server/catalogue/latent-list.ts';
import { ANONYMOUS } from '#server/access/actor.ts';
import { type ApiCaller, createCaller } from '#server/api/router.ts';
import type { Server } from '#server/context.ts';
import { withDatabase } from '#tests/integration/with-database.ts';
import { inventLatents, type Seeded, seedCoder, type SeededLatent, seedExamples, suppress } from './seed.ts';
import { testServer } from './test-server.ts';

let server: Server;
let api: ApiCaller;
let coder: Seeded;
let other: Seeded;

beforeAll(async () => {
  const database = await withDatabase();
  coder = await seedCoder(database.pool, { model: 'm', coder: 'wide', latents: inventLatents(120, 'catalogue') });
  other = await seedCoder(database.pool, { model: 'm', coder: 'narrow', latents: inventLatents(10, 'other'), layer: 1 });
  await seedCoder(database.pool, { model: 'untouched', coder: 'none', latents: [] });
  server = await testServer(database);
  api = createCaller({ server, actor: ANONYMOUS });
});

async function allPages(input: Partial<LatentListInput>, onPage?: (page: number) => Promise<void>): Promise<LatentRow[]> {
  const rows: LatentRow[] = [];
  let cursor: string | undefined;
  for (let page = 0; ; page++) {
    const answer = await listLatents(server.pool, latentListInputSchema.parse({ model: 'm', coder: 'wide', limit: 7, ...input, cursor }));
    rows.push(...answer.latents);
    if (answer.nextCursor === null) return rows;
    cursor = answer.nextCursor;
    await onPage?.(page);
  }
}

const sortValue: Record<LatentListInput['sort'], (latent: SeededLatent) => number | null> = {
  index: (latent) => latent.index,
  score: (latent) => latent.score?.lower ?? null,
  frequency: (latent) => latent.frequency,
  max_activation: (latent) => latent.maxActivation,
};

describe.each(LATENT_SORTS.flatMap((sort) => (['asc', 'desc'] as const).map((order) => ({ sort, order }))))('pages by $sort $order', ({ sort, order }) => {
  test('hold every latent once, in order, the unscored last', async () => {
    const rows = await allPages({ sort, order });
    expect(rows.map((row) => row.index).sort((a, b) => a - b)).toEqual(coder.latents.map((latent) => latent.index));
    const byIndex = new Map(coder.latents.map((latent) => [latent.index, latent]));
    const values = rows.map((row) => sortValue[sort](byIndex.get(row.index)!));
    const sign = order === 'asc' ? 1 : -1;
    const sorted = [...values].sort((a, b) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : sign * (a - b)));
    expect(values).toEqual(sorted);
  });

  test('one long page says the same as many short ones', async () => {
    expect(await allPages({ sort, order, limit: 200 })).toEqual(await allPages({ sort, order, limit: 1 }));
  });
});

test('each filter leaves exactly what it should, whatever the order', async () => {
  const filters: [Partial<LatentListInput>, (latent: SeededLatent) => boolean][] = [
    [{ status: 'dead' }, (latent) => latent.status === 'dead'],
    [{ minScore: 0.3 }, (latent) => latent.score !== null && latent.score.lower >= 0.3],
    [{ minFrequency: 1 / 3, maxFrequency: 2 / 3 }, (latent) => latent.frequency >= 1 / 3 && latent.frequency <= 2 / 3],
    [{ minActivation: 2 }, (latent) => latent.maxActivation >= 2],
    [{ status: 'ready', minActivation: 1, maxFrequency: 0.5 }, (latent) => latent.status === 'ready' && latent.maxActivation >= 1 && latent.frequency <= 0.5],
  ];
  for (const [filter, passes] of filters) {
    const wanted = coder.latents.filter(passes).map((latent) => latent.index);
    expect(wanted.length).toBeGreaterThan(0);
    for (const sort of LATENT_SORTS) {
      const rows = await allPages({ ...filter, sort });
      expect(rows.map((row) => row.index).sort((a, b) => a - b)).toEqual(wanted);
    }
  }
});

test('latents added while somebody pages change nothing for the others', async () => {
  const grown = await seedCoder(server.pool, { model: 'm', coder: 'growing', latents: inventLatents(30, 'growing') });
  const seen: number[] = [];
  let cursor: string | undefined;
  for (let page = 0; ; page++) {
    const answer = await listLatents(server.pool, latentListInputSchema.parse({ model: 'm', coder: 'growing', sort: 'frequency', limit: 4, cursor }));
    seen.push(...answer.latents.map((row) => row.index));
    await server.pool.query(
      `insert into latents (coder_id, index, run_id, status, firing_count, token_count, frequency, max_activation, mean_activation, histogram, train_windows, test_windows, train_documents, test_documents)
       values ($1, $2, $3, 'dead', 0, 1, $4, 0, 0, '{}', 0, 0, 0, 0)`,
      [grown.coderId, 2 * page + 1, grown.runId, page % 2],
    );
    if (answer.nextCursor === null) break;
    cursor = answer.nextCursor;
  }
  expect(seen.filter((index) => index % 2 === 0).sort((a, b) => a - b)).toEqual(grown.latents.map((latent) => latent.index));
  expect(new Set(seen).size).toBe(seen.length);
});

test('every order is one range of an index, not a scan', async () => {
  await server.pool.query('analyze latents');
  for (const sort of LATENT_SORTS) {
    const { rows } = await server.pool.query<{ 'QUERY PLAN': string }>(
      `explain select index from latents where coder_id = ${coder.coderId} and ${sort === 'score' ? 'headline_score_lower is not null' : 'true'}
       order by ${{ index: 'index', score: 'headline_score_lower desc, index', frequency: 'frequency, index', max_activation: 'max_activation, index' }[sort]} limit 5`,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan, plan).toMatch(/Index/);
    expect(plan, plan).not.toMatch(/Sort/);
  }
});

test('a row carries its score with interval, control and n', async () => {
  const [scored] = coder.latents.filter((latent) => latent.score !== null);
  const { latents } = await api.latents.list({ model: 'm', coder: 'wide', limit: 200 });
  const row = latents.find((candidate) => candidate.index === scored!.index);
  expect(row).toMatchObject({ explanation: scored!.explanation, method: 'lexical' });
  expect(row?.score).toEqual({ ...scored!.score, nPositives: 50, nNegatives: 50 });
});

test('a coder’s figures are those of its rows', async () => {
  const { coders } = await api.coders.list({ model: 'm' });
  expect(coders.map((one) => one.slug)).toEqual(['narrow', 'growing', 'wide']);
  const wide = coderSummarySchema.parse(await api.coders.get({ model: 'm', coder: 'wide' }));
  const count = (passes: (latent: SeededLatent) => boolean): number => coder.latents.filter(passes).length;
  expect(wide.counts).toEqual({
    latents: coder.latents.length,
    ready: count((latent) => latent.status === 'ready'),
    explained: count((latent) => latent.explanation !== null),
    scored: count((latent) => latent.score !== null),
    dead: count((latent) => latent.status === 'dead'),
    tooFewWindows: count((latent) => latent.status === 'too_few_windows'),
    tooFewDocuments: count((latent) => latent.status === 'too_few_documents'),
  });
  const values = coder.latents.flatMap((latent) => (latent.score === null ? [] : [latent.score.value])).sort((a, b) => a - b);
  const middle = (values[Math.floor((values.length - 1) / 2)]! + values[Math.ceil((values.length - 1) / 2)]!) / 2;
  expect(wide.embeddingScore).toMatchObject({ median: middle, controlMedian: 0.5, n: values.length });
  const distribution = await api.coders.scoreDistribution({ model: 'm', coder: 'wide' });
  expect(distribution.values.reduce((a, b) => a + b)).toBe(values.length);
  expect(distribution.control[20]).toBe(values.length);
  const model = await api.models.get({ model: 'untouched' });
  expect(model).toMatchObject({ coders: 1, explainedLatents: 0 });
  expect((await api.coders.get({ model: 'untouched', coder: 'none' })).embeddingScore).toBeNull();
});

test('the overview adds up, and its best latents differ', async () => {
  const overview = await api.catalogue.overview({});
  expect(overview).toMatchObject({ models: 2, coders: 4, tokens: 30_000, indexed: 0 });
  expect(overview.latents).toBeGreaterThanOrEqual(coder.latents.length + other.latents.length);
  expect(overview.featured.length).toBeGreaterThan(2);
  expect(new Set(overview.featured.map((latent) => latent.explanation)).size).toBe(overview.featured.length);
  const best = Math.max(...[...coder.latents, ...other.latents].flatMap((latent) => latent.score?.lower ?? []));
  expect(overview.featured[0]?.score?.lower).toBeGreaterThanOrEqual(best);
});

test('random latents are explained ones of the place asked for', async () => {
  const explained = new Set(coder.latents.filter((latent) => latent.explanation !== null).map((latent) => latent.index));
  const seen = new Set<number>();
  for (let i = 0; i < 60; i++) {
    const place = await api.latents.random({ model: 'm', coder: 'wide' });
    expect(place).toMatchObject({ model: 'm', coder: 'wide' });
    expect(explained).toContain(place.index);
    seen.add(place.index);
  }
  expect(seen.size).toBeGreaterThan(15);
  await expect(api.latents.random({ model: 'untouched' })).rejects.toThrow('Nothing is explained');
  await expect(api.latents.random({ model: 'm', coder: 'nowhere' })).rejects.toThrow('nowhere');
});

describe('a latent’s page', () => {
  let shown: SeededLatent;

  beforeAll(async () => {
    shown = coder.latents.find((latent, i) => latent.score !== null && i > 0 && i < coder.latents.length - 1)!;
    await seedExamples(server.pool, coder, shown.index);
  });

  test('holds its explanations, scores, examples and neighbours', async () => {
    const detail = latentDetailSchema.parse(await api.latents.get({ model: 'm', coder: 'wide', index: shown.index }));
    expect(detail).toMatchObject({
      id: `m@wide:${shown.index}`,
      previous: shown.index - 2,
      next: shown.index + 2,
      hookpoints: ['layers.2'],
      text: { slug: 'speeches', name: 'Speeches', license: 'public domain' },
      tokenCount: 10_000,
      suppressedExamples: 0,
    });
    expect(detail.explanations).toHaveLength(1);
    expect(detail.explanations[0]).toMatchObject({
      text: shown.explanation,
      baseline: true,
      scores: [{ scorer: 'embedding', value: shown.score!.value, control: { value: 0.5 } }],
    });
    expect(detail.examples.map((example) => example.document).sort()).toEqual(['a', 'a', 'b', 'c']);
    const first = await api.latents.get({ model: 'm', coder: 'wide', index: 0 });
    expect(first.previous).toBeNull();
  });

  test('a newer explanation comes first, old ones stay', async () => {
    await server.pool.query(
      `insert into explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key) values ($1, $2, $3, 'llm', 'some-model', 'Newer.', '{}', 'k2')`,
      [coder.coderId, shown.index, coder.runId],
    );
    const detail = await api.latents.get({ model: 'm', coder: 'wide', index: shown.index });
    expect(detail.explanations.map((explanation) => explanation.text)).toEqual(['Newer.', shown.explanation]);
    expect(detail.explanations[0]).toMatchObject({ baseline: false, scores: [] });
  });

  test('an exam shows its windows, strongest claim first, with their text where it is kept', async () => {
    const detail = await api.latents.get({ model: 'm', coder: 'wide', index: shown.index });
    const score = detail.explanations.at(-1)!.scores[0]!;
    const exam = await api.latents.exam({ model: 'm', coder: 'wide', index: shown.index, score: score.id });
    expect(exam.explanation).toBe(shown.explanation);
    expect(exam.verdicts.map(({ row, score: rank, window }) => [row, rank, window?.document])).toEqual([
      [9, 0.95, 'b'],
      [1, 0.9, 'a'],
      [2, 0.2, 'c'],
    ]);
    await expect(api.latents.exam({ model: 'm', coder: 'wide', index: 0, score: score.id })).rejects.toThrow('has no score');
  });

  test('a document that was taken down is gone from examples, exams and the windows of lists at once', async () => {
    const before = await topExamples(server.pool, [{ coderId: coder.coderId, index: shown.index }]);
    expect([...before.values()].map((example) => example.tokens)).toEqual([['private', ' letters']]);
    await suppress(server.pool, coder, 'b');
    const detail = await api.latents.get({ model: 'm', coder: 'wide', index: shown.index });
    expect(detail.examples.map((example) => example.document)).not.toContain('b');
    expect(detail).toMatchObject({ suppressedExamples: 1 });
    expect(JSON.stringify(detail)).not.toContain('letters');
    const tops = await topExamples(server.pool, [{ coderId: coder.coderId, index: shown.index }]);
    expect([...tops.values()].map((example) => example.tokens)).toEqual([['the', ' ships']]);
    const exam = await api.latents.exam({ model: 'm', coder: 'wide', index: shown.index, score: detail.explanations.at(-1)!.scores[0]!.id });
    expect(exam.suppressed).toBe(1);
    expect(exam.verdicts.find((verdict) => verdict.row === 9)?.window).toBeNull();
    expect(exam.verdicts.find((verdict) => verdict.row === 1)?.window?.tokens).toEqual(['the', ' ships']);
  });

  test('an explanation made from a document that was taken down is withheld everywhere at once, with its exam; others stay', async () => {
    const ready = coder.latents.filter((latent) => latent.status === 'ready' && latent.score !== null && latent.index !== shown.index);
    const [told, untold, safe] = [ready[0]!, ready[1]!, ready[2]!];
    const provenance = (latent: SeededLatent, facts: object) =>
      server.pool.query(`insert into explanations (coder_id, latent_index, run_id, method, explainer, text, provenance, input_key)
         values ($1, $2, $3, 'lexical', 'lexical-2', 'Words of secrets.', $4, 'withheld') returning id`, [coder.coderId, latent.index, coder.runId, JSON.stringify(facts)]); // prettier-ignore
    const rows = [
      await provenance(told, { sampleKey: 's1', documents: ['a', 'secret'] }),
      // One without a list of its documents: its latent's all count.
      await provenance(untold, { sampleKey: 's1' }),
      await provenance(safe, { sampleKey: 's1', documents: ['a', 'c'] }),
    ];
    for (const [i, latent] of [told, untold, safe].entries()) {
      await server.pool.query(`update latents set headline_explanation_id = $3, headline_text = 'Words of secrets.' where coder_id = $1 and index = $2`, [
        coder.coderId,
        latent.index,
        (rows[i]!.rows[0] as { id: string }).id,
      ]);
      await server.pool.query(
        `insert into scores (coder_id, latent_index, explanation_id, run_id, scorer, metric, value, lower, upper, n_positives, n_negatives, n_failed, exam, verdicts, provenance, input_key)
         values ($1, $2, $3, $4, 'embedding', 'auroc', 0.9, 0.8, 0.95, 50, 50, 0, 'test', '[]', '{}', 'withheld')`,
        [coder.coderId, latent.index, (rows[i]!.rows[0] as { id: string }).id, coder.runId],
      );
    }
    await seedExamples(server.pool, coder, untold.index, [{ row: 1, start: 0, split: 'train', kind: 'activating', quantile: 0, document: 'secret', tokens: ['x'], activations: [1] }]); // prettier-ignore
    const detailOf = (latent: SeededLatent) => api.latents.get({ model: 'm', coder: 'wide', index: latent.index });
    const examined = (await detailOf(told)).explanations[0]!.scores[0]!.id;
    const textsOf = async (latent: SeededLatent) => {
      const detail = await detailOf(latent);
      const listed = (await allPages({})).find((row) => row.index === latent.index);
      return {
        texts: detail.explanations.map(({ text }) => text),
        withheld: detail.withheldExplanations,
        listed: listed?.explanation,
        score: listed?.score?.value,
      };
    };
    for (const latent of [told, untold, safe]) expect(await textsOf(latent)).toMatchObject({ withheld: 0, listed: 'Words of secrets.', score: 0.9 });

    await suppress(server.pool, coder, 'secret');
    for (const latent of [told, untold]) {
      expect(await textsOf(latent)).toEqual({ texts: [latent.explanation], withheld: 1, listed: null, score: undefined });
    }
    expect(await textsOf(safe)).toMatchObject({ texts: ['Words of secrets.', safe.explanation], withheld: 0, listed: 'Words of secrets.', score: 0.9 });
    await expect(api.latents.exam({ model: 'm', coder: 'wide', index: told.index, score: examined })).rejects.toThrow('withheld');
  });
});

test.each([
  [() => api.models.get({ model: 'nope' }), 'no model “nope”'],
  [() => api.coders.list({ model: 'nope' }), 'no model “nope”'],
  [() => api.coders.get({ model: 'm', coder: 'nope' }), '“m” has no sparse coder “nope”'],
  [() => api.latents.list({ model: 'm', coder: 'nope' }), 'no sparse coder “nope”'],
  [() => api.latents.get({ model: 'm', coder: 'wide', index: 1 }), 'No run has looked at latent 1'],
  [() => api.latents.get({ model: 'm', coder: 'wide', index: 100_000 }), 'there is no 100000'],
])('what is not there is said by name (%#)', async (ask, sentence) => {
  await expect(ask()).rejects.toThrow(sentence);
  await expect(ask()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
