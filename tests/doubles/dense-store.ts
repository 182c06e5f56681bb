import fc from 'fast-check';
import { writeRows } from '#gpu-worker/activations/store/rows-file.ts';
import { openRows } from '#gpu-worker/activations/store/rows-file.ts';
import { openCoderFile, type CoderFile } from '#gpu-worker/activations/store/coder-file.ts';
import type { RowsFile } from '#gpu-worker/activations/store/rows-file.ts';
import type { CoderEntry } from '#gpu-worker/activations/store/manifest.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { writeCoder } from './activations.ts';

/** A small store as a dense matrix: what the sparse code is compared with. */
export interface DenseStore {
  rows: number;
  rowLength: number;
  width: number;
  /** [rows, rowLength] */
  tokens: number[];
  document: number[];
  length: number[];
  documents: number;
  /** [rows · rowLength, width]; 0: not active. 0 where a place is masked or padding. */
  dense: number[];
}

export const BOS = 0;

/** Whether a place's activations are stored. */
export function isStored({ rowLength, tokens, length }: DenseStore, place: number): boolean {
  return place % rowLength < length[Math.floor(place / rowLength)]! && tokens[place] !== BOS;
}

/** Values are eighths up to 32, which a half holds exactly; about half are 0, and many are equal. */
export const denseStore = (most: { rows: number; rowLength: number; width: number }): fc.Arbitrary<DenseStore> =>
  fc
    .record({
      rows: fc.integer({ min: 1, max: most.rows }),
      rowLength: fc.integer({ min: 1, max: most.rowLength }),
      width: fc.integer({ min: 1, max: most.width }),
      documents: fc.integer({ min: 1, max: 4 }),
    })
    .chain(({ rows, rowLength, width, documents }) => {
      const many = <T>(of: fc.Arbitrary<T>, count: number): fc.Arbitrary<T[]> => fc.array(of, { minLength: count, maxLength: count, size: 'max' });
      const value = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 256 }).map((n) => n / 8) });
      return fc
        .record({
          tokens: many(fc.nat(5), rows * rowLength),
          document: many(fc.nat(documents - 1), rows),
          length: many(fc.integer({ min: 1, max: rowLength }), rows),
          values: many(value, rows * rowLength * width),
        })
        .map(({ values, ...text }) => {
          const store = { rows, rowLength, width, documents, ...text, dense: values };
          return { ...store, dense: values.map((v, i) => (isStored(store, Math.floor(i / width)) ? v : 0)) };
        });
    });

/** The same as files. */
export async function storeDense(store: ArtifactStore, d: DenseStore, key = 'coder'): Promise<{ rows: RowsFile; coder: CoderFile; entry: CoderEntry }> {
  await writeRows(store, 'rows.bin', {
    rowLength: d.rowLength,
    bos: BOS,
    pieces: [{ tokens: Int32Array.from(d.tokens), document: Uint32Array.from(d.document), length: Uint16Array.from(d.length) }],
    documents: () => Array.from({ length: d.documents }, (_, i) => ({ key: `document-${i}`, split: 'train' as const })),
  });
  const pairs = d.dense.flatMap((value, i) => (value === 0 ? [] : [{ latent: i % d.width, place: Math.floor(i / d.width), value }]));
  const { rows, rowLength, width } = d;
  const entry = await writeCoder(store, key, { hookpoint: 'layers.0', width, rows, rowLength }, pairs);
  return { rows: await openRows(store, 'rows.bin'), coder: await openCoderFile(store, entry.file.path), entry };
}
