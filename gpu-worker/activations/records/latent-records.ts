import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { encodeCheckedFile, openCheckedFile } from '#gpu-worker/activations/store/checked-file.ts';

/**
 * A file with one record of fixed size a latent, so that a latent's is one ranged read, checked like all that a store
 * holds. A record is a number of named fields, each an array of one kind of number.
 */
const KINDS = { f64: Float64Array, f32: Float32Array, u32: Uint32Array } as const;
type Kind = keyof typeof KINDS;

/** Fields by name. A record's 8-byte numbers come first, else they lie in this order. */
export type RecordLayout = Readonly<Record<string, { kind: Kind; length: number }>>;

/** A latent's fields on the way in, each of the layout's length. */
export type RecordValues<L extends RecordLayout> = { readonly [F in keyof L]: ArrayLike<number> };

/** And on the way out. */
export type LatentRecord<L extends RecordLayout> = { readonly [F in keyof L]: InstanceType<(typeof KINDS)[L[F]['kind']]> };

/** Bytes of records gathered before they are handed on, and of those read at once by a sweep. */
const CHUNK_BYTES = 1 << 20;

interface Placed {
  name: string;
  kind: Kind;
  length: number;
  offset: number;
}

function place(layout: RecordLayout): { fields: Placed[]; bytes: number } {
  const wide = (kind: Kind): number => (kind === 'f64' ? 0 : 1);
  let offset = 0;
  const fields = Object.entries(layout)
    .sort(([, a], [, b]) => wide(a.kind) - wide(b.kind))
    .map(([name, { kind, length }]) => {
      const field = { name, kind, length, offset };
      offset += length * KINDS[kind].BYTES_PER_ELEMENT;
      return field;
    });
  return { fields, bytes: Math.ceil(offset / 8) * 8 };
}

const metaSchema = z.object({ width: z.number().int().nonnegative(), fields: z.unknown(), about: z.unknown() });

export interface RecordFormat<L extends RecordLayout, About> {
  format: string;
  version: number;
  layout: L;
  /** What the file says beside its records. */
  about: z.ZodType<About>;
}

/**
 * Writes the records of latents 0, 1, 2, … as they come, in memory that does not depend on their number; `about` is asked
 * for when they have gone by.
 */
export async function writeLatentRecords<L extends RecordLayout, About>(
  store: ArtifactStore,
  key: string,
  { format, version, layout }: RecordFormat<L, About>,
  records: Iterable<RecordValues<L>> | AsyncIterable<RecordValues<L>>,
  about: () => About,
): Promise<void> {
  const { fields, bytes } = place(layout);
  let width = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const most = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
    // A new one each time: a chunk is still being written while the next is filled.
    let buffer = new ArrayBuffer(most * bytes);
    let held = 0;
    for await (const record of records) {
      for (const { name, kind, length, offset } of fields) {
        const values = record[name]!;
        if (values.length !== length) throw new RangeError(`field ${name} has ${values.length} numbers, not ${length}`);
        new KINDS[kind](buffer, held * bytes + offset, length).set(values);
      }
      width++;
      if (++held < most) continue;
      yield new Uint8Array(buffer);
      [buffer, held] = [new ArrayBuffer(most * bytes), 0];
    }
    yield new Uint8Array(buffer, 0, held * bytes);
  }
  await store.write(
    key,
    encodeCheckedFile({ format, version }, [{ name: 'records', kind: 'u8', chunks }], () => ({ width, fields, about: about() })),
  );
}

export interface LatentRecords<L extends RecordLayout, About> {
  /** Number of latents. */
  readonly width: number;
  readonly about: About;
  /** One ranged read. Throws AppError 'bad_request' for a latent that is not there. */
  record(latent: number): Promise<LatentRecord<L>>;
  /** Those of some latents, in the order asked for; one ranged read for each stretch of latents that follow one another. Throws AppError 'bad_request' likewise. */
  records(latents: readonly number[]): Promise<LatentRecord<L>[]>;
  /** All records in order, in pieces of bounded memory. */
  sweep(): AsyncGenerator<LatentRecord<L>>;
  close(): Promise<void>;
}

/** Opens such a file. Throws AppError 'not_found', 'corrupt_file' naming the key, or 'unsupported' for another version of the format. */
export async function openLatentRecords<L extends RecordLayout, About>(
  store: ArtifactStore,
  key: string,
  { format, version, layout, about: aboutSchema }: RecordFormat<L, About>,
): Promise<LatentRecords<L, About>> {
  const { fields, bytes } = place(layout);
  const corrupt = (what: string): AppError => new AppError('corrupt_file', `The artifact ${key} is damaged: ${what}. Delete it and run the stage again.`);
  const file = await openCheckedFile(store, key, { format, version, meta: metaSchema });
  try {
    const { width, fields: stored, about: said } = file.meta;
    if (JSON.stringify(stored) !== JSON.stringify(fields)) throw corrupt('its records have other fields than its version has');
    if (file.sectionBytes('records') !== width * bytes) throw corrupt(`it does not hold ${width} records`);
    const about = aboutSchema.safeParse(said);
    if (!about.success) throw corrupt(`its description is wrong at ${about.error.issues[0]?.path.join('.') || 'its root'}`);
    const read = async (first: number, count: number): Promise<LatentRecord<L>[]> => {
      // A fresh buffer, as what is read may begin anywhere.
      const { buffer } = new Uint8Array(await file.bytes('records', first * bytes, count * bytes));
      return Array.from({ length: count }, (_, i) => decode<L>(buffer, i * bytes, fields));
    };
    const check = (latent: number): void => {
      if (!Number.isInteger(latent) || latent < 0 || latent >= width)
        throw new AppError('bad_request', `The coder has latents 0 to ${width - 1}; ${latent} was asked for.`, { field: 'latent' });
    };
    return {
      width,
      about: about.data,
      async record(latent) {
        check(latent);
        return (await read(latent, 1))[0]!;
      },
      async records(latents) {
        latents.forEach(check);
        const out: LatentRecord<L>[] = [];
        for (let from = 0, to = 0; from < latents.length; from = to) {
          while (to < latents.length && latents[to] === latents[from]! + (to - from)) to++;
          out.push(...(await read(latents[from]!, to - from)));
        }
        return out;
      },
      async *sweep() {
        const most = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
        for (let first = 0; first < width; first += most) yield* await read(first, Math.min(most, width - first));
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function decode<L extends RecordLayout>(buffer: ArrayBuffer, start: number, fields: readonly Placed[]): LatentRecord<L> {
  const entries = fields.map(({ name, kind, length, offset }) => [name, new KINDS[kind](buffer, start + offset, length)] as const);
  return Object.fromEntries(entries) as LatentRecord<L>;
}
