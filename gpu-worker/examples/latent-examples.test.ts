import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError } from '#lib/errors/app-error.ts';
import { ATLAS_PROTOCOL, PAPER_PROTOCOL, PROTOCOLS, type Protocol } from '#lib/example/protocol.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import { examOf, examShortfall } from '#gpu-worker/score/exam.ts';
import { denseRows, denseTiles, sparse } from '#tests/doubles/dense-rows.ts';
import { window } from '#tests/doubles/windows.ts';
import { candidateWindows, contrastiveWindows, counterExamples, latentExamples, similarityQueries, type LatentExamples } from './latent-examples.ts';
import { WindowTable } from './window-table.ts';
import { documentOf, type RowLayout } from './windows.ts';

const TOKENS = 256;

/** 120 rows of 24 documents, five rows each, every third document on each side; the last row of each is half padding. */
const layout: RowLayout = {
  rows: 120,
  rowLength: TOKENS,
  documents: Array.from({ length: 24 }, (_, d) => ({ key: `d${d}`, split: (['train', 'test', 'reserve'] as const)[d % 3]! })),
  document: Uint32Array.from({ length: 120 }, (_, row) => Math.floor(row / 5)),
  length: Uint16Array.from({ length: 120 }, (_, row) => (row % 5 === 4 ? 100 : TOKENS)),
};
const text = rngFor('text');
const tokens = Int32Array.from({ length: 120 * TOKENS }, () => text.int(500));
const table = new WindowTable(layout, 32, tokens);

function activations(latent: number, rate: number): LatentActivations {
  const rng = rngFor('activations', latent);
  const [place, value]: [number[], number[]] = [[], []];
  for (let at = 0; at < 120 * TOKENS; at++) {
    if (at % TOKENS === 0 || at % TOKENS >= layout.length[Math.floor(at / TOKENS)]! || rng.next() >= rate) continue;
    place.push(at);
    value.push(rng.next() + 0.01);
  }
  return { latent, place: Uint32Array.from(place), value: Float32Array.from(value) };
}

const examples = (latent: LatentActivations, seed = 22, protocol: Protocol = ATLAS_PROTOCOL): LatentExamples => latentExamples({ table, latent, protocol, seed });

describe('latentExamples', () => {
  it('never shows and examines windows of one document, over 1,000 latents', () => {
    for (let latent = 0; latent < 1000; latent++) {
      const own = activations(latent, 0.004 + (latent % 7) * 0.004);
      const request = { table, latent: own, protocol: ATLAS_PROTOCOL, seed: 22 };
      const drawn = latentExamples(request);
      const examined = [...drawn.test, ...drawn.negatives];
      const sides = (windows: readonly { origin: number }[]) => new Set(windows.map(({ origin }) => layout.documents[documentOf(layout, origin)]!.split));
      const documents = (windows: readonly { origin: number }[]) => new Set(windows.map(({ origin }) => documentOf(layout, origin)));
      const shown = [...drawn.train, ...contrastiveWindows(request, drawn)];
      const places = new Set(Array.from(own.place, (place) => place - (place % 32)));
      const reserve = latentExamples({ ...request, exam: 'reserve' });
      expect([...documents(shown)].filter((document) => documents(examined).has(document))).toEqual([]);
      expect([sides(shown), sides(examined), sides([...reserve.test, ...reserve.negatives])]).toEqual([new Set(['train']), new Set(['test']), new Set(['reserve'])]);
      expect(new Set(examined.map(({ origin }) => origin)).size).toBe(examined.length);
      expect(drawn.negatives.filter(({ origin }) => places.has(origin))).toEqual([]);
    }
  }, 60_000);

  it('keeps counter-examples from train documents beside the evidence, fewer than an exam has, where evidence has documents of its own', () => {
    const own = activations(1, 0.02);
    const request = { table, latent: own, protocol: ATLAS_PROTOCOL, seed: 22 };
    const drawn = latentExamples(request);
    const counter = counterExamples(request, drawn);
    expect(new Set(counter.map((negative) => negative.class))).toEqual(new Set(['random', 'same_document', 'same_token']));
    expect(counter.length).toBeLessThanOrEqual(40);
    expect(counter.every(({ origin }) => layout.documents[documentOf(layout, origin)]!.split === 'train')).toBe(true);
    expect(counter.some(({ origin }) => own.place.some((place) => place >= origin && place < origin + 32))).toBe(false);
    expect(counterExamples({ ...request, protocol: PAPER_PROTOCOL }, drawn)).toEqual([]);
  });

  it('takes nothing for sealed by a protocol that shows windows of any document', () => {
    for (const protocol of [PROTOCOLS.paper, PROTOCOLS.delphi]) {
      const request = { table, latent: activations(1, 0.02), protocol, seed: 22, exam: 'reserve' as const };
      let found: unknown;
      try {
        latentExamples(request);
      } catch (error) {
        found = error;
      }
      expect(isAppError(found) && found.code).toBe('unsupported');
    }
  });

  it('draws other random negatives for another latent, and the same again for the same, in any order', () => {
    const draws = (latents: number[]) => {
      const fresh = new WindowTable(layout, 32, tokens);
      return new Map(latents.map((latent) => [latent, latentExamples({ table: fresh, latent: { ...activations(1, 0.01), latent }, protocol: ATLAS_PROTOCOL, seed: 22 })]));
    };
    const [there, back] = [draws([1, 2, 3]), draws([3, 2, 1])];
    for (const latent of [1, 2, 3]) expect(there.get(latent)).toEqual(back.get(latent));
    const random = (latent: number) => there.get(latent)!.negatives.filter((negative) => negative.class === 'random').map(({ origin }) => origin); // prettier-ignore
    expect(random(1).length).toBe(50);
    // 50 of some 200 windows: by chance 12 are the same.
    expect(random(1).filter((origin) => random(2).includes(origin)).length).toBeLessThan(35);
    expect(examples(activations(1, 0.02), 23).train).not.toEqual(examples(activations(1, 0.02), 22).train);
  });

  it('draws from every tenth of each side, and says how much there was', () => {
    const { train, test, negatives, trainWindows, testWindows, status } = examples(activations(4, 0.02));
    for (let q = 0; q < 10; q++) {
      expect(train.filter(({ quantile }) => quantile === q).length).toBe(4);
      expect(test.filter(({ quantile }) => quantile === q).length).toBe(5);
    }
    expect(status).toBe('ready');
    expect(Math.min(trainWindows, testWindows)).toBeGreaterThan(50);
    const classes = new Map<string, number>();
    for (const negative of negatives) classes.set(negative.class, (classes.get(negative.class) ?? 0) + 1);
    expect(classes.get('random')).toBe(50);
    expect(classes.get('same_document')).toBe(25);
  });

  it('says why a latent is not scored', () => {
    const status = (own: LatentActivations, protocol?: Protocol) => examples(own, 22, protocol).status;
    expect(status(sparse(0, []))).toBe('dead');
    expect(status(activations(3, 0.0005))).toBe('too_few_windows');
    expect(status(activations(3, 0.02))).toBe('ready');
    // Fires everywhere, but only in the first three documents of each side.
    const near = activations(3, 0.5);
    const kept = near.place.findIndex((place) => place >= 9 * 5 * TOKENS);
    expect(status({ ...near, place: near.place.slice(0, kept), value: near.value.slice(0, kept) })).toBe('too_few_documents');
    // delphi asks for 200 windows, the paper for 200 tokens.
    expect(status(activations(3, 0.006), PROTOCOLS.delphi)).toBe('too_few_windows');
    expect(status(activations(3, 0.02), PROTOCOLS.delphi)).toBe('ready');
    expect(status(activations(3, 0.004), PROTOCOLS.paper)).toBe('too_few_windows');
    expect(status(activations(3, 0.02), PROTOCOLS.paper)).toBe('ready');
  });

  it('gives, over random dense rows, what lists of all windows give: sides, collapsed copies, counts and draws', () => {
    fc.assert(
      fc.property(denseRows(), fc.boolean(), fc.constantFrom('documents' as const, 'shared' as const), fc.option(fc.integer({ min: 1, max: 6 })), fc.nat(99), (rows, collapse, sides, maxWindows, seed) => {
        const protocol: Protocol = { ...ATLAS_PROTOCOL, windowLength: rows.length, collapse, sides, maxWindows, negatives: {} };
        const request = { table: new WindowTable(rows.layout, rows.length, rows.tokens), latent: sparse(5, rows.dense), protocol, seed };
        const found = latentExamples(request);

        const firing = denseTiles(rows).filter(({ values }) => values.some((v) => v > 0)).map((tile) => ({ ...tile, max: Math.max(...tile.values) })); // prettier-ignore
        const of = (split: string) => firing.filter((tile) => sides === 'shared' || tile.split === split).sort((a, b) => b.max - a.max || a.origin - b.origin);
        const list = (tiles: typeof firing) =>
          tiles
            .filter((tile, i) => !collapse || tiles.findIndex(({ text: other }) => other === tile.text) === i)
            .map((tile) => ({ ...tile, copies: collapse ? tiles.filter(({ text: other }) => other === tile.text).length : 1 }))
            .slice(0, maxWindows ?? Infinity);
        const evidence = of('train');
        const leaks = (tile: (typeof firing)[number]) => collapse && sides === 'documents' && evidence.some(({ text: shown }) => shown === tile.text);
        const [train, test] = [list(evidence), list(of('test').filter((tile) => !leaks(tile)))];
        expect([found.trainWindows, found.testWindows]).toEqual([train.length, test.length]);
        expect([found.trainDocuments, found.testDocuments]).toEqual([train, test].map((tiles) => new Set(tiles.map(({ document }) => document)).size));
        const draw = (tiles: typeof train, purpose: string, each: number) =>
          Array.from({ length: 10 }, (_, q) => {
            const group = tiles.slice(Math.floor((q * tiles.length) / 10), Math.floor(((q + 1) * tiles.length) / 10));
            const picked = new Set(sampleIndices(rngFor(seed, purpose, 5, q), group.length, each));
            return group.filter((_tile, i) => picked.has(i)).map(({ origin, max, copies }) => ({ origin, max, copies, quantile: q }));
          }).flat();
        const plain = (drawn: LatentExamples['train']) => drawn.map(({ origin, max, copies, quantile }) => ({ origin, max, copies, quantile }));
        expect(plain(found.train)).toEqual(draw(train, 'train', 4));
        expect(plain(found.test)).toEqual(draw(test, 'test', 5));
        expect(similarityQueries(candidateWindows(request), 3).map(({ origin }) => origin)).toEqual(test.slice(0, 3).map(({ origin }) => origin));
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('keeps the tokens of the exam out of what is shown against the evidence', () => {
    fc.assert(
      fc.property(denseRows(), fc.nat(99), (rows, seed) => {
        const request = { table: new WindowTable(rows.layout, rows.length, rows.tokens), latent: sparse(5, rows.dense), protocol: ATLAS_PROTOCOL, seed };
        const drawn = latentExamples(request);
        const textAt = (origin: number): string => rows.tokens.slice(origin, origin + rows.length).join(' ');
        const exam = new Set([...drawn.test, ...drawn.negatives].map(({ origin }) => textAt(origin)));
        const shown = [...drawn.train, ...contrastiveWindows(request, drawn)];
        expect(shown.some(({ origin }) => exam.has(textAt(origin)) && !drawn.train.some((window) => window.origin === origin))).toBe(false);
        // Nor is any firing text of the exam evidence.
        expect(drawn.test.some(({ origin }) => drawn.train.some((window) => textAt(window.origin) === textAt(origin)))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  }, 60_000);

  it('calls no latent ready whose exam would fall short, however its windows lie in documents', () => {
    const count = { ready: 0, documents: 0, silent: 0 };
    const places = (documents: number[]): number[] =>
      documents.flatMap((tiles, d) =>
        Array.from({ length: 40 }, (_, tile) => tile)
          .filter((tile) => tile < tiles)
          .map((tile) => d * 5 * TOKENS + tile * 32),
      );
    // Firing windows of each document: any, nearly all, or of each side two documents with many and three with one.
    const each = (windows: fc.Arbitrary<number>) => fc.array(windows, { minLength: 24, maxLength: 24 });
    const spread = fc.oneof(
      each(fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 40 }))),
      each(fc.integer({ min: 34, max: 40 })),
      fc.constant(Array.from({ length: 24 }, (_, d) => (d < 6 ? 40 : d < 15 ? 1 : 0))),
    );
    fc.assert(
      fc.property(spread, fc.nat(999), (documents, seed) => {
        const place = places(documents).filter((at) => (at % TOKENS) + 32 <= layout.length[Math.floor(at / TOKENS)]!);
        const latent = { latent: 3, place: Uint32Array.from(place, (at) => at + 1), value: Float32Array.from(place, (at) => 1 + (at % 7)) };
        const drawn = examples(latent, seed);
        const shown = (kind: 'activating' | 'random', origin: number) =>
          window('a {b}', { kind, split: 'test', document: layout.documents[documentOf(layout, origin)]!.key });
        const exam = examOf([
          ...drawn.test.map(({ origin }) => shown('activating', origin)),
          ...drawn.negatives.filter((negative) => negative.class === 'random').map(({ origin }) => shown('random', origin)),
        ]);
        const short = examShortfall(exam, ATLAS_PROTOCOL);
        if (drawn.status === 'ready') expect(short).toBeNull();
        const enough = drawn.trainWindows >= 20 && drawn.testWindows >= 30 && Math.min(drawn.trainDocuments, drawn.testDocuments) >= 5;
        if (!enough) expect(drawn.status).not.toBe('ready');
        if (drawn.status === 'ready') count.ready++;
        else if (enough && exam.nNegatives < 30) count.silent++;
        else if (enough) count.documents++;
      }),
      { numRuns: 600 },
    );
    // All three were among them: ready, too few documents drawn of enough, too few silent windows.
    expect(Math.min(count.ready, count.documents, count.silent)).toBeGreaterThan(0);
  }, 60_000);

  it('does not call a latent ready of whose five documents one has nearly all windows', () => {
    const [many, few] = [denseDocuments(300, 2, 4), denseDocuments(300, 300, 4)];
    const of = ({ table: own, latent }: ReturnType<typeof denseDocuments>) => (seed: number) => latentExamples({ table: own, latent, protocol: ATLAS_PROTOCOL, seed }).status;
    const statuses = Array.from({ length: 30 }, (_, seed) => of(many)(seed));
    expect(statuses.filter((status) => status === 'too_few_documents').length).toBeGreaterThan(25);
    expect(of(few)(1)).toBe('ready');
  }, 60_000);
});

/** On the test side one document with `first` firing windows and `others` with `each`; on the train side ten documents with many. */
function denseDocuments(first: number, each: number, others: number) {
  const rows: { document: number; firing: boolean[] }[] = [];
  const documents: RowLayout['documents'][number][] = [];
  const add = (split: 'train' | 'test', windows: number): void => {
    documents.push({ key: `d${documents.length}`, split });
    for (let from = 0; from < windows + 80; from += 8)
      rows.push({ document: documents.length - 1, firing: Array.from({ length: 8 }, (_, i) => from + i < windows) });
  };
  for (let i = 0; i < 10; i++) add('train', 20);
  for (const windows of [first, ...Array.from({ length: others }, () => each)]) add('test', windows);
  const own: RowLayout = {
    rows: rows.length,
    rowLength: TOKENS,
    documents,
    document: Uint32Array.from(rows, ({ document }) => document),
    length: new Uint16Array(rows.length).fill(TOKENS),
  };
  const rng = rngFor('dense documents');
  const place = rows.flatMap(({ firing }, row) => firing.flatMap((fires, i) => (fires ? [row * TOKENS + i * 32 + 5] : [])));
  return {
    table: new WindowTable(own, 32, Int32Array.from({ length: rows.length * TOKENS }, () => rng.int(500))),
    latent: { latent: 3, place: Uint32Array.from(place), value: Float32Array.from(place, () => 1 + rng.next()) },
  };
}
