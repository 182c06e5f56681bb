import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';

/**
 * Named typed arrays behind a JSON header, written and read whole, the artifact's own checksum over all of it.
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

/** A file read whole. */
export interface TypedFile<Meta> {
  meta: Meta;
  /** All elements of an array. Throws AppError `corrupt_file` for one that is not there. */
  column(name: string): TypedColumn;
}

/** Reads `key`, whose checksum is compared. `parseMeta` is the zod parse of its meta. Throws AppError `not_found`, or `corrupt_file` naming the key. */
export async function readTypedFile<Meta>(store: ArtifactStore, key: string, parseMeta: (meta: unknown) => Meta): Promise<TypedFile<Meta>> {
  const corrupt = (what: string, cause?: unknown): AppError =>
    new AppError('corrupt_file', `The artifact ${key} ${what}; delete it and run the stage again.`, { cause });
  const bytes = await store.read(key);
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC || bytes.length < PREFIX_BYTES) throw corrupt('does not begin as an artifact does');
  const headerLength = bytes.readUInt32LE(MAGIC.length);
  if (headerLength > MAX_HEADER_BYTES) throw corrupt(`declares a header of ${headerLength} bytes`);
  let header: { meta: unknown; arrays: Record<string, Entry> };
  try {
    header = JSON.parse(bytes.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + headerLength)) as typeof header;
  } catch (cause) {
    throw corrupt('has an unreadable header', cause);
  }
  const start = align(PREFIX_BYTES + headerLength);
  return {
    meta: parseMeta(header.meta),
    column(name) {
      const entry = header.arrays[name];
      if (!entry) throw corrupt(`has no array ${name}`);
      const Column = KINDS[entry.kind];
      const from = start + entry.offset;
      const end = from + entry.count * Column.BYTES_PER_ELEMENT;
      if (end > bytes.length) throw corrupt(`ends before its array ${name} does`);
      // A fresh buffer: what is read comes out of a pool with any alignment.
      return new Column(new Uint8Array(bytes.subarray(from, end)).buffer);
    },
  };
}
