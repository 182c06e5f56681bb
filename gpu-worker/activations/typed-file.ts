import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';

/**
 * Named typed arrays behind a JSON header, so that any span of any array is one ranged read.
 * Layout: magic `LATLAS1\n`, header length u32, header JSON padded to 8 bytes, then the arrays, each 8-byte aligned,
 * little-endian (every machine this runs on is).
 */
const MAGIC = 'LATLAS1\n';
const PREFIX_BYTES = MAGIC.length + 4;
const MAX_HEADER_BYTES = 4 * 2 ** 20;

const KINDS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f32: Float32Array } as const;
type Kind = keyof typeof KINDS;
export type TypedColumn = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array;
type Entry = { kind: Kind; offset: number; count: number };

function kindOf(array: TypedColumn): Kind {
  for (const kind of Object.keys(KINDS) as Kind[]) if (array instanceof KINDS[kind]) return kind;
  throw new AppError('internal', 'This kind of array cannot be stored.');
}

const align = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Encodes arrays with a small JSON-serialisable `meta`. */
export function encodeTypedFile(meta: unknown, arrays: Record<string, TypedColumn>): Buffer {
  const entries: Record<string, Entry> = {};
  let offset = 0;
  for (const [name, array] of Object.entries(arrays)) {
    entries[name] = { kind: kindOf(array), offset, count: array.length };
    offset = align(offset + array.byteLength);
  }
  const json = Buffer.from(JSON.stringify({ meta, arrays: entries }));
  const start = align(PREFIX_BYTES + json.length);
  const out = Buffer.alloc(start + offset);
  out.write(MAGIC, 0, 'latin1');
  out.writeUInt32LE(json.length, MAGIC.length);
  json.copy(out, PREFIX_BYTES);
  for (const [name, array] of Object.entries(arrays)) {
    Buffer.from(array.buffer, array.byteOffset, array.byteLength).copy(out, start + (entries[name] as Entry).offset);
  }
  return out;
}

/** An artifact opened for ranged reads: the header is in memory, the arrays are not. */
export interface TypedFile<Meta> {
  meta: Meta;
  /** Elements of `name`, all of them unless a span is given. Throws AppError `corrupt_file` for a span outside. */
  read(name: string, from?: number, count?: number): Promise<TypedColumn>;
}

/** Opens `key`. `parseMeta` is the zod parse of its meta. Throws AppError `corrupt_file` naming the key. */
export async function openTypedFile<Meta>(store: ArtifactStore, key: string, parseMeta: (meta: unknown) => Meta): Promise<TypedFile<Meta>> {
  const corrupt = (what: string, cause?: unknown): AppError =>
    new AppError('corrupt_file', `The artifact ${key} ${what}; delete it and run the stage again.`, { cause });
  const prefix = await store.readRange(key, 0, PREFIX_BYTES);
  if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC) throw corrupt('does not begin as an artifact does');
  const headerLength = prefix.readUInt32LE(MAGIC.length);
  if (headerLength > MAX_HEADER_BYTES) throw corrupt(`declares a header of ${headerLength} bytes`);
  let header: { meta: unknown; arrays: Record<string, Entry> };
  try {
    header = JSON.parse((await store.readRange(key, PREFIX_BYTES, headerLength)).toString('utf8')) as typeof header;
  } catch (cause) {
    throw corrupt('has an unreadable header', cause);
  }
  const start = align(PREFIX_BYTES + headerLength);
  return {
    meta: parseMeta(header.meta),
    async read(name, from = 0, count) {
      const entry = header.arrays[name];
      if (!entry) throw corrupt(`has no array ${name}`);
      const wanted = count ?? entry.count - from;
      if (from < 0 || wanted < 0 || from + wanted > entry.count) throw corrupt(`has ${entry.count} elements in ${name}, not ${from + wanted}`);
      const Column = KINDS[entry.kind];
      const size = Column.BYTES_PER_ELEMENT;
      const bytes = await store.readRange(key, start + entry.offset + from * size, wanted * size);
      if (bytes.length !== wanted * size) throw corrupt(`ends before its array ${name} does`);
      // A fresh buffer: ranged reads come out of a pool with any alignment.
      return new Column(new Uint8Array(bytes).buffer, 0, wanted);
    },
  };
}
