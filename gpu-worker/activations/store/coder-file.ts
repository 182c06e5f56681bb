import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { bytesOf, encodeCheckedFile, openCheckedFile, type CheckedFile } from './checked-file.ts';
import { unscale } from './half-scale.ts';
import type { CoderActivations, LatentActivations } from './types.ts';

/**
 * One coder's activations by latent: `pairs`, latent after latent, each pair a place (u32) and a scaled half (u16); and
 * by latent `counts` (u32), `exponents` (i16), `max` (f32) and `sum` (f64). A latent's offset is the sum of the counts
 * before it, so that there may be more than 2³² pairs.
 */
const FORMAT = { format: 'latent-atlas activations', version: 1 };
const PAIR_BYTES = 6;
/** Read at once by a sweep: 4 MB. */
const SWEEP_PAIRS = 700_000;

const whole = z.number().int().nonnegative();
const factsSchema = z.object({ hookpoint: z.string(), width: whole, rows: whole, rowLength: whole });
const metaSchema = factsSchema.extend({ pairs: whole });

/** What a coder's file says of itself. */
export type CoderFacts = z.infer<typeof factsSchema>;

/** One entry a latent [width]. */
export interface LatentTables {
  counts: Uint32Array;
  /** A stored half times 2^exponent is the value. */
  exponents: Int16Array;
  max: Float32Array;
  sum: Float64Array;
}

/** Writes the file; the tables are read when the pairs have gone by. Returns the number of pairs. */
export async function writeCoderFile(
  store: ArtifactStore,
  key: string,
  facts: CoderFacts,
  pairs: AsyncIterable<Uint8Array>,
  tables: LatentTables,
): Promise<number> {
  const count = (): number => tables.counts.reduce((sum, n) => sum + n, 0);
  await store.write(
    key,
    encodeCheckedFile(
      FORMAT,
      [
        { name: 'pairs', kind: 'u8', chunks: () => pairs },
        { name: 'counts', kind: 'u32', chunks: () => [bytesOf(tables.counts)] },
        { name: 'exponents', kind: 'i16', chunks: () => [bytesOf(tables.exponents)] },
        { name: 'max', kind: 'f32', chunks: () => [bytesOf(tables.max)] },
        { name: 'sum', kind: 'f64', chunks: () => [bytesOf(tables.sum)] },
      ],
      () => ({ ...facts, pairs: count() }),
    ),
  );
  return count();
}

/** A coder's activations with what only a check of all of them needs. */
export interface CoderFile extends CoderActivations {
  /** Reads everything; throws AppError 'corrupt_file' naming the artifact and what is wrong. */
  verify(): Promise<void>;
}

/** Opens a coder's file: its tables are read, 22 bytes of memory a latent. */
export async function openCoderFile(store: ArtifactStore, key: string): Promise<CoderFile> {
  const corrupt = (what: string): AppError => new AppError('corrupt_file', `The artifact ${key} is damaged: ${what}. Delete it and run the stage again.`);
  const file = await openCheckedFile(store, key, { ...FORMAT, meta: metaSchema });
  try {
    return await coderFile(file, corrupt);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function coderFile(file: CheckedFile<z.infer<typeof metaSchema>>, corrupt: (what: string) => AppError): Promise<CoderFile> {
  const { width, pairs } = file.meta;
  const [counts, exponents] = [await file.column('counts', 'u32'), await file.column('exponents', 'i16')];
  const [max, sum] = [await file.column('max', 'f32'), await file.column('sum', 'f64')];
  if ([counts, exponents, max, sum].some(({ length }) => length !== width)) throw corrupt(`its tables are not of ${width} latents`);
  // Doubles are exact to 2⁵³.
  const offsets = new Float64Array(width + 1);
  for (let latent = 0; latent < width; latent++) offsets[latent + 1] = offsets[latent]! + counts[latent]!;
  if (offsets[width] !== pairs || file.sectionBytes('pairs') !== pairs * PAIR_BYTES) throw corrupt('its counts do not add up to its pairs');

  const check = (first: number, count: number): void => {
    if (first < 0 || count < 0 || first + count > width)
      throw new AppError('bad_request', `The coder has latents 0 to ${width - 1}; ${count === 1 ? first : `${first} to ${first + count - 1}`} was asked for.`);
  };
  const read = async (first: number, count: number): Promise<LatentActivations[]> => {
    const from = offsets[first]!;
    const bytes = await file.bytes('pairs', from * PAIR_BYTES, (offsets[first + count]! - from) * PAIR_BYTES);
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    return Array.from({ length: count }, (_, i) => decode(words, offsets[first + i]! - from, first + i, counts[first + i]!, exponents[first + i]!));
  };
  async function* sweep(first = 0, count = width - first): AsyncGenerator<LatentActivations> {
    check(first, count);
    const end = first + count;
    for (let from = first; from < end;) {
      let to = from + 1;
      while (to < end && offsets[to + 1]! - offsets[from]! <= SWEEP_PAIRS) to++;
      yield* await read(from, to - from);
      from = to;
    }
  }
  return {
    ...file.meta,
    counts,
    max,
    sum,
    async latent(latent) {
      check(latent, 1);
      return (await read(latent, 1))[0]!;
    },
    async latents(first, count) {
      check(first, count);
      return read(first, count);
    },
    sweep,
    async verify() {
      await file.verify();
      const places = file.meta.rows * file.meta.rowLength;
      for await (const { latent, place, value } of sweep()) {
        let total = 0;
        for (let i = 0; i < place.length; i++) {
          if (place[i]! >= places || (i > 0 && place[i]! <= place[i - 1]!)) throw corrupt(`the places of latent ${latent} are not in order`);
          if (!Number.isFinite(value[i]!)) throw corrupt(`latent ${latent} has a value that is not a finite number`);
          total += value[i]!;
        }
        if (total !== sum[latent]) throw corrupt(`the values of latent ${latent} do not add up to its sum`);
      }
    },
    close: () => file.close(),
  };
}

function decode(words: Uint16Array, firstPair: number, latent: number, count: number, exponent: number): LatentActivations {
  const place = new Uint32Array(count);
  const halves = new Uint16Array(count);
  for (let i = 0, at = 3 * firstPair; i < count; i++, at += 3) {
    place[i] = (words[at]! | (words[at + 1]! << 16)) >>> 0;
    halves[i] = words[at + 2]!;
  }
  return { latent, place, value: unscale(halves, exponent) };
}
