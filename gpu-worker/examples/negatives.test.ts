import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATLAS_PROTOCOL, DELPHI_PROTOCOL, PAPER_PROTOCOL, type NegativeClass, type Protocol } from '#lib/example/protocol.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import { denseRows, denseTiles, sparse } from '#tests/doubles/dense-rows.ts';
import { drawNegatives, topToken, type NegativesRequest } from './negatives.ts';
import { WindowTable } from './window-table.ts';
import { activatingWindows } from './windows.ts';

const counts = fc.record({ random: fc.nat(6), same_document: fc.nat(4), same_token: fc.nat(4), similar: fc.nat(4), neighbour: fc.nat(12) });

describe('drawNegatives', () => {
  it('draws each class, over random dense rows, from exactly the windows that a look at all of them allows', () => {
    fc.assert(
      fc.property(denseRows(), counts, fc.boolean(), fc.constantFrom('test' as const, 'train' as const, null), fc.nat(99), (rows, negatives, collapse, side, seed) => {
        const { layout, length, tokens, dense, other } = rows;
        const protocol: Protocol = { ...ATLAS_PROTOCOL, collapse, negatives };
        const latent = sparse(3, dense);
        const tiles = denseTiles(rows);
        const onSide = tiles.filter(({ split }) => side === null || split === side);
        const idOf = (tile: { text: string; origin: number }): string => (collapse ? tile.text : String(tile.origin));
        const firing = new Set(tiles.filter(({ values }) => values.some((v) => v > 0)).map(idOf));
        const silent = onSide.filter((tile) => !firing.has(idOf(tile)));
        const positives = onSide.filter(({ values }) => values.some((v) => v > 0)).slice(0, 3);
        // A vector index would give any order; here, by origin from two ends.
        const similar = [onSide.map(({ origin }) => origin), onSide.map(({ origin }) => origin).reverse()];
        const request: NegativesRequest = {
          table: new WindowTable(layout, length, tokens), latent, protocol, seed, purpose: 'negatives', side, positives, similar, neighbours: [sparse(8, other)],
        }; // prettier-ignore
        const drawn = drawNegatives(request);

        const tileAt = new Map(tiles.map((tile) => [tile.origin, tile]));
        const used = new Set<string>();
        const left = (of: typeof tiles): Set<string> => new Set(of.map(idOf).filter((id) => !used.has(id)));
        const expectClass = (of: NegativeClass, allowed: typeof tiles, most = Infinity): void => {
          const own = drawn.filter((window) => window.class === of);
          const open = left(allowed.filter((tile) => silent.includes(tile)));
          expect(own.length).toBe(Math.min(negatives[of], open.size, most));
          for (const { origin, copies } of own) {
            const tile = tileAt.get(origin)!;
            expect(open.has(idOf(tile))).toBe(true);
            expect(used.has(idOf(tile))).toBe(false);
            used.add(idOf(tile));
            expect(copies).toBe(onSide.filter((t) => idOf(t) === idOf(tile)).length);
          }
        };
        expectClass('random', onSide);
        expectClass(
          'same_document',
          // Where windows are collapsed, the first of equal ones says which document it is from.
          (collapse ? onSide.filter((tile, i) => onSide.findIndex((t) => t.text === tile.text) === i) : onSide).filter(({ document }) =>
            positives.some((positive) => positive.document === document),
          ),
        );
        const sums = new Map<number, number>();
        for (const [place, value] of dense.entries()) {
          const split = layout.documents[layout.document[Math.floor(place / layout.rowLength)]!]!.split;
          if (value > 0 && split === 'train') sums.set(tokens[place]!, (sums.get(tokens[place]!) ?? 0) + value);
        }
        const top = [...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0] ?? null;
        expect(topToken(request.table, latent, 'train')).toBe(top);
        expectClass('same_token', onSide.filter(({ text }) => text.split(' ').includes(String(top))));
        expectClass('similar', onSide);
        const fires = onSide.filter(({ origin }) => other.slice(origin, origin + length).some((v) => v > 0));
        expectClass('neighbour', fires, 10);
        // Of what was left, the neighbour's strongest.
        const ofNeighbour = drawn.filter((window) => window.class === 'neighbour').map(({ origin }) => Math.max(...other.slice(origin, origin + length)));
        expect(ofNeighbour).toEqual([...ofNeighbour].sort((a, b) => b - a));
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('draws the random class as a permutation of the dense silent windows would give it', () => {
    fc.assert(
      fc.property(denseRows(), fc.nat(8), fc.nat(99), (rows, random, seed) => {
        const { layout, length, tokens, dense } = rows;
        const tiles = denseTiles(rows).filter(({ split }) => split === 'test');
        const isSilent = (i: number): boolean => tiles[i]!.values.every((v) => v === 0);
        const order = sampleIndices(rngFor(seed, 'negatives', 'random', 3), tiles.length, tiles.length);
        const expected = order.filter(isSilent).slice(0, random).map((i) => tiles[i]!.origin); // prettier-ignore
        const protocol: Protocol = { ...ATLAS_PROTOCOL, collapse: false, negatives: { random } };
        const request = { table: new WindowTable(layout, length, tokens), latent: sparse(3, dense), protocol, seed, purpose: 'negatives', side: 'test' as const };
        expect(drawNegatives({ ...request, positives: [] }).map(({ origin }) => origin)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  it('draws as delphi and the paper do: repeats, none where too few are silent, rows that are silent as a whole', () => {
    fc.assert(
      fc.property(denseRows(), fc.nat(99), (rows, seed) => {
        const { layout, length, dense } = rows;
        const tiles = denseTiles(rows);
        const table = new WindowTable(layout, length, null);
        const request = { table, latent: sparse(3, dense), seed, purpose: 'negatives', side: null, positives: [] };
        const silent = tiles.filter(({ values }) => values.every((v) => v === 0)).map(({ origin }) => origin);
        const delphi = drawNegatives({ ...request, protocol: { ...DELPHI_PROTOCOL, negatives: { random: 5 } } });
        expect(delphi.length).toBe(silent.length < 5 ? 0 : 5);
        expect(delphi.every(({ origin }) => silent.includes(origin))).toBe(true);
        const paper = drawNegatives({ ...request, protocol: PAPER_PROTOCOL });
        const starts = Array.from({ length: layout.rows }, (_, row) => row)
          .filter((row) => layout.length[row]! >= length && dense.slice(row * layout.rowLength, (row + 1) * layout.rowLength).every((v) => v === 0))
          .map((row) => row * layout.rowLength + Math.min(10, layout.length[row]! - length));
        expect(paper.length).toBe(starts.length === 0 ? 0 : 100);
        expect(paper.every(({ origin }) => starts.includes(origin))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  }, 60_000);

  it('draws random negatives uniformly (chi-square)', () => {
    const layout = { rows: 30, rowLength: 4, documents: [{ key: 'd', split: 'test' as const }], document: new Uint32Array(30), length: new Uint16Array(30).fill(4) };
    const dense = Array.from({ length: 120 }, (_, place) => (place % 12 === 0 ? 1 : 0));
    const tokens = Int32Array.from({ length: 120 }, (_, i) => i);
    const table = new WindowTable(layout, 4, tokens);
    const seen = new Map<number, number>();
    for (let latent = 0; latent < 8000; latent++) {
      const protocol: Protocol = { ...ATLAS_PROTOCOL, negatives: { random: 5 } };
      for (const { origin } of drawNegatives({ table, latent: sparse(latent, dense), protocol, seed: 22, purpose: 'negatives', side: 'test', positives: [] }))
        seen.set(origin, (seen.get(origin) ?? 0) + 1);
    }
    expect(activatingWindows(layout, sparse(0, dense), { length: 4, placement: 'tiled' }).some(({ origin }) => seen.has(origin))).toBe(false);
    const chi2 = [...seen.values()].reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0);
    expect(seen.size).toBe(20);
    // 99.9th percentile with 19 degrees of freedom.
    expect(chi2).toBeLessThan(43.8);
  });

  it('takes similar windows in turn from every list, not all from the first', () => {
    const layout = { rows: 12, rowLength: 2, documents: [{ key: 'd', split: 'test' as const }], document: new Uint32Array(12), length: new Uint16Array(12).fill(2) };
    const table = new WindowTable(layout, 2, Int32Array.from({ length: 24 }, (_, i) => i));
    const protocol: Protocol = { ...ATLAS_PROTOCOL, negatives: { similar: 5 } };
    const similar = [[0, 2, 4, 6], [0, 8, 10], [12]];
    const request = { table, latent: sparse(0, [0, 0, 1]), protocol, seed: 1, purpose: 'negatives', side: 'test' as const, positives: [], similar };
    expect(drawNegatives(request).map(({ origin }) => origin)).toEqual([0, 8, 12, 4, 10]);
  });
});
