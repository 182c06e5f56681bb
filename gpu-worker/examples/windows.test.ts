import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAppError } from '#lib/errors/app-error.ts';
import { denseRows, denseTiles, sparse, type DenseRows } from '#tests/doubles/dense-rows.ts';
import { activatingWindows, checkWindowLength, tileNear, tilesOf } from './windows.ts';

describe('tiled windows', () => {
  it('are, over random dense rows, those a look at every tile finds', () => {
    fc.assert(
      fc.property(denseRows(), (rows) => {
        const { layout, length, dense } = rows;
        const latent = sparse(0, dense);
        const tiles = denseTiles(rows);
        expect([...tilesOf(layout, length, null)]).toEqual(tiles.map(({ origin }) => origin));
        expect([...tilesOf(layout, length, 'test')]).toEqual(tiles.filter(({ split }) => split === 'test').map(({ origin }) => origin));
        const found = activatingWindows(layout, latent, { length, placement: 'tiled' });
        expect(found.map(({ origin, max, from, to }) => ({ origin, max, inside: [...latent.place.slice(from, to)] }))).toEqual(
          tiles
            .filter(({ values }) => values.some((v) => v > 0))
            .map(({ origin, values }) => ({ origin, max: Math.max(...values), inside: values.flatMap((v, i) => (v > 0 ? [origin + i] : [])) })),
        );
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('stand for any other window by the one that shares most tokens with it', () => {
    fc.assert(
      fc.property(denseRows(), ({ layout, length, dense }) => {
        for (const { origin } of activatingWindows(layout, sparse(0, dense), { length, placement: 'centred' })) {
          const row = Math.floor(origin / layout.rowLength);
          const own = [...tilesOf(layout, length, null)].filter((tile) => Math.floor(tile / layout.rowLength) === row);
          const shared = (tile: number): number => Math.max(0, length - Math.abs(tile - origin));
          const near = tileNear(layout, origin, length);
          expect(own).toContain(near);
          expect(shared(near)).toBe(Math.max(...own.map(shared)));
        }
      }),
      { numRuns: 1000 },
    );
  }, 60_000);

  it('refuses a length that does not divide the row', () => {
    for (const length of [0, -32, 1.5, 48, 512]) {
      let code: string | null = null;
      try {
        checkWindowLength({ rowLength: 256 }, length);
      } catch (error) {
        code = isAppError(error) ? error.code : null;
      }
      expect(code).toBe('bad_request');
    }
    for (const length of [1, 2, 32, 256]) checkWindowLength({ rowLength: 256 }, length);
  });
});

/** The rule read aloud over dense rows: again and again the strongest place whose window is free and holds nothing stronger. */
function centredByBruteForce({ layout, length, dense }: DenseRows): { origin: number; max: number; values: number[] }[] {
  const out = [];
  for (let row = 0; row < layout.rows; row++) {
    const [begin, end] = [row * layout.rowLength, row * layout.rowLength + layout.length[row]!];
    if (end - begin < length) continue;
    const covered = new Set<number>();
    const places = Array.from({ length: end - begin }, (_, i) => begin + i).filter((place) => dense[place]! > 0);
    for (const place of places.sort((a, b) => dense[b]! - dense[a]! || a - b)) {
      const origins = Array.from({ length: end - begin - length + 1 }, (_, i) => begin + i).filter((origin) => origin <= place && place < origin + length);
      // Of the windows that hold the place, the one in which it stands nearest to three quarters.
      const wanted = Math.min(length - 1, length - Math.floor(length / 4));
      const distance = (origin: number): number => Math.abs(place - origin - wanted);
      const origin = origins.sort((a, b) => distance(a) - distance(b))[0]!;
      const inside = Array.from({ length }, (_, i) => origin + i);
      if (inside.some((at) => covered.has(at)) || inside.some((at) => dense[at]! > dense[place]!)) continue;
      for (const at of inside) covered.add(at);
      out.push({ origin, max: dense[place]!, values: inside.map((at) => dense[at]!) });
    }
  }
  return out.sort((a, b) => a.origin - b.origin);
}

describe('centred windows', () => {
  it('are, over random dense rows, those the rule gives, in their rows, apart, with their own activations', () => {
    fc.assert(
      fc.property(denseRows({ length: 9 }), (rows) => {
        const { layout, length, dense } = rows;
        const latent = sparse(0, dense);
        const found = activatingWindows(layout, latent, { length, placement: 'centred' }).map(({ origin, max, from, to }) => {
          const values = new Array<number>(length).fill(0);
          for (let i = from; i < to; i++) values[latent.place[i]! - origin] = latent.value[i]!;
          return { origin, max, values };
        });
        expect(found).toEqual(centredByBruteForce(rows));
      }),
      { numRuns: 3000 },
    );
  }, 60_000);

  it('puts the strongest token at 24 of 32, and loses none at the ends of a row', () => {
    const layout = { rows: 1, rowLength: 128, documents: [{ key: 'd', split: 'train' as const }], document: Uint32Array.of(0), length: Uint16Array.of(120) };
    const windows = (...places: number[]) =>
      activatingWindows(layout, { place: Uint32Array.from(places), value: Float32Array.from(places, (_, i) => 9 - i) }, { length: 32, placement: 'centred' });
    expect(windows(60)[0]!.origin).toBe(36);
    expect(windows(3)[0]!.origin).toBe(0);
    expect(windows(119)[0]!.origin).toBe(88);
  });
});
