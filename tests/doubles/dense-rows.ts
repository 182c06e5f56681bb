import fc from 'fast-check';
import type { Split } from '#lib/example/schema.ts';
import type { LatentActivations } from '#gpu-worker/activations/store/types.ts';
import type { RowLayout } from '#gpu-worker/examples/windows.ts';

/** Small rows of a few documents on all sides, and one latent's activations as a dense row of numbers. */
export interface DenseRows {
  layout: RowLayout;
  /** Tokens in a window. */
  length: number;
  /** [rows, rowLength] */
  tokens: Int32Array;
  /** [rows · rowLength], 0 where silent; never active in padding. */
  dense: number[];
  /** Of a second latent. */
  other: number[];
}

const SPLITS: readonly Split[] = ['train', 'test', 'reserve'];

/** Few tokens and few values, so that equal windows and equal maxima are common. */
export const denseRows = (most: { rows?: number; tiles?: number; length?: number } = {}): fc.Arbitrary<DenseRows> =>
  fc
    .record({
      rows: fc.integer({ min: 1, max: most.rows ?? 12 }),
      tiles: fc.integer({ min: 1, max: most.tiles ?? 4 }),
      length: fc.integer({ min: 1, max: most.length ?? 5 }),
      documents: fc.array(fc.constantFrom(...SPLITS), { minLength: 1, maxLength: 5 }),
      rate: fc.constantFrom(0.05, 0.3, 0.9),
      vocabulary: fc.integer({ min: 1, max: 4 }),
    })
    .chain(({ rows, tiles, length, documents, rate, vocabulary }) => {
      const rowLength = tiles * length;
      const many = <T>(of: fc.Arbitrary<T>, count: number): fc.Arbitrary<T[]> => fc.array(of, { minLength: count, maxLength: count, size: 'max' });
      const value = fc
        .record({ drawn: fc.double({ min: 0, max: 1, noNaN: true }), size: fc.integer({ min: 1, max: 6 }) })
        .map(({ drawn, size }) => (drawn < rate ? size / 4 : 0));
      return fc
        .record({
          tokens: many(fc.nat(vocabulary - 1), rows * rowLength),
          document: many(fc.nat(documents.length - 1), rows),
          counted: many(fc.oneof({ weight: 3, arbitrary: fc.constant(rowLength) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: rowLength }) }), rows),
          values: many(value, rows * rowLength),
          others: many(value, rows * rowLength),
        })
        .map(({ tokens, document, counted, values, others }) => {
          const stored = (v: number, place: number): number => (place % rowLength < counted[Math.floor(place / rowLength)]! ? v : 0);
          return {
            layout: {
              rows,
              rowLength,
              documents: documents.map((split, i) => ({ key: `d${i}`, split })),
              document: Uint32Array.from(document),
              length: Uint16Array.from(counted),
            },
            length,
            tokens: Int32Array.from(tokens),
            dense: values.map(stored),
            other: others.map(stored),
          };
        });
    });

/** The latent as a store would give it. */
export function sparse(latent: number, dense: readonly number[]): LatentActivations {
  const places = dense.flatMap((value, place) => (value > 0 ? [place] : []));
  return { latent, place: Uint32Array.from(places), value: Float32Array.from(places, (place) => dense[place]!) };
}

/** Every whole tile with its own dense values, by looking at each: the plain reference. */
export function denseTiles({ layout, length, tokens, dense }: DenseRows): { origin: number; document: number; split: Split; values: number[]; text: string }[] {
  const out = [];
  for (let row = 0; row < layout.rows; row++) {
    for (let start = 0; start + length <= layout.rowLength; start += length) {
      if (start + length > layout.length[row]!) continue;
      const origin = row * layout.rowLength + start;
      const document = layout.document[row]!;
      out.push({
        origin,
        document,
        split: layout.documents[document]!.split,
        values: dense.slice(origin, origin + length),
        text: tokens.slice(origin, origin + length).join(' '),
      });
    }
  }
  return out;
}
