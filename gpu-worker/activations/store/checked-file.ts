import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore, OpenArtifact } from '#platform/artifacts/types.ts';

/**
 * Sections of numbers in one file, written in one pass however long they are, and read in spans of which every block is
 * checked. Layout, little-endian: magic; the sections, each at a multiple of 8; the CRC-32 of each block of each section
 * (u32); a JSON footer that says where all of it lies; the footer's length and CRC-32 (u32 each); the magic again.
 */
const MAGIC = Buffer.from('LATLAS2\n', 'latin1');
const TAIL_BYTES = 8 + MAGIC.length;
/** A latent of a few thousand activations touches one or two blocks; the sums of a file of 2 GB take 128 KB. */
const BLOCK_BYTES = 65_536;
const MAX_FOOTER_BYTES = 1 << 20;
/** Read at once when all of a file is checked. */
const SCAN_BYTES = 64 * BLOCK_BYTES;

const KINDS = { u8: Uint8Array, u16: Uint16Array, i16: Int16Array, u32: Uint32Array, i32: Int32Array, f32: Float32Array, f64: Float64Array } as const;
export type ColumnKind = keyof typeof KINDS;
export type Column<K extends ColumnKind> = InstanceType<(typeof KINDS)[K]>;
type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface SectionToWrite {
  name: string;
  kind: ColumnKind;
  /** Asked for when the sections before it are written; a chunk must stay as it is until the next but one is taken. */
  chunks(): Chunks;
}

const whole = z.number().int().nonnegative();
const sectionSchema = z.object({ name: z.string(), kind: z.enum(Object.keys(KINDS) as [ColumnKind, ...ColumnKind[]]), offset: whole, bytes: whole });
const footerSchema = z.object({
  format: z.string(),
  version: whole,
  blockBytes: z.number().int().positive(),
  sections: z.array(sectionSchema),
  sums: z.object({ offset: whole, count: whole, crc32: whole }),
  meta: z.unknown(),
});
type Section = z.infer<typeof sectionSchema>;

export interface FileFormat {
  format: string;
  version: number;
}

/** The raw bytes of a typed array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Encodes a file; `meta` is asked for at the end, when the sections have gone by. */
export async function* encodeCheckedFile(
  { format, version }: FileFormat,
  sections: readonly SectionToWrite[],
  meta: () => unknown,
): AsyncGenerator<Uint8Array> {
  const placed: Section[] = [];
  const sums: number[] = [];
  let position = MAGIC.length;
  yield MAGIC;
  for (const { name, kind, chunks } of sections) {
    const offset = position;
    let sum = 0;
    let inBlock = 0;
    for await (const chunk of chunks()) {
      for (let at = 0; at < chunk.length;) {
        const taken = Math.min(BLOCK_BYTES - inBlock, chunk.length - at);
        sum = crc32(chunk.subarray(at, at + taken), sum);
        at += taken;
        inBlock += taken;
        if (inBlock === BLOCK_BYTES) {
          sums.push(sum);
          sum = inBlock = 0;
        }
      }
      position += chunk.length;
      yield chunk;
    }
    if (inBlock > 0) sums.push(sum);
    placed.push({ name, kind, offset, bytes: position - offset });
    const padding = -position & 7;
    position += padding;
    if (padding > 0) yield new Uint8Array(padding);
  }
  const table = bytesOf(Uint32Array.from(sums));
  yield table;
  const footer = Buffer.from(
    JSON.stringify({
      format,
      version,
      blockBytes: BLOCK_BYTES,
      sections: placed,
      sums: { offset: position, count: sums.length, crc32: crc32(table) },
      meta: meta(),
    }),
  );
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeUInt32LE(footer.length, 0);
  tail.writeUInt32LE(crc32(footer), 4);
  MAGIC.copy(tail, 8);
  yield Buffer.concat([footer, tail]);
}

/** A file opened for checked reads: its footer and its sums are in memory, its sections are not. */
export interface CheckedFile<Meta> {
  readonly meta: Meta;
  /** Bytes a section holds; 0 for one that is not there. */
  sectionBytes(name: string): number;
  /** Bytes [from, from + length) of a section, in one ranged read of the blocks they lie in, each of them checked. `into`, when given, must hold those blocks and may be used. */
  bytes(name: string, from: number, length: number, into?: Buffer): Promise<Buffer>;
  /** Elements of a section, all of them unless a span is given. */
  column<K extends ColumnKind>(name: string, kind: K, from?: number, count?: number): Promise<Column<K>>;
  /** Reads every block. */
  verify(): Promise<void>;
  close(): Promise<void>;
}

/** Opens an artifact of a format. Throws AppError 'not_found', or 'corrupt_file' naming the key; so do its reads. */
export async function openCheckedFile<Meta>(
  store: ArtifactStore,
  key: string,
  { format, version, meta: metaSchema }: FileFormat & { meta: z.ZodType<Meta> },
): Promise<CheckedFile<Meta>> {
  const corrupt = (what: string, cause?: unknown): AppError =>
    new AppError('corrupt_file', `The artifact ${key} is damaged: ${what}. Delete it and run the stage again.`, { cause });
  const file = await store.open(key);
  try {
    const { footer, sums } = await readFooter(file, corrupt);
    if (footer.format !== format) throw corrupt(`it holds ${footer.format} where ${format} is expected`);
    if (footer.version !== version)
      throw new AppError(
        'unsupported',
        `The artifact ${key} has version ${footer.version} of its format, and this program reads version ${version}; make it again.`,
      );
    const parsed = metaSchema.safeParse(footer.meta);
    if (!parsed.success) throw corrupt(`its description is wrong at ${parsed.error.issues[0]?.path.join('.') || 'its root'}`);
    return checkedFile(file, footer, sums, parsed.data, corrupt);
  } catch (error) {
    await file.close();
    throw error;
  }
}

type Corrupt = (what: string, cause?: unknown) => AppError;

async function readFooter(file: OpenArtifact, corrupt: Corrupt): Promise<{ footer: z.infer<typeof footerSchema>; sums: Uint32Array }> {
  if (file.bytes < MAGIC.length + TAIL_BYTES) throw corrupt('it is cut short');
  const tail = await file.read(file.bytes - TAIL_BYTES, TAIL_BYTES);
  if (!MAGIC.equals(tail.subarray(8))) throw corrupt('it does not end as it should');
  const length = tail.readUInt32LE(0);
  const start = file.bytes - TAIL_BYTES - length;
  if (length > MAX_FOOTER_BYTES || start < MAGIC.length) throw corrupt(`it claims a footer of ${length} bytes`);
  const text = await file.read(start, length);
  if (crc32(text) !== tail.readUInt32LE(4)) throw corrupt('the checksum of its footer differs');
  let footer: z.infer<typeof footerSchema>;
  try {
    footer = footerSchema.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw corrupt('its footer is unreadable', cause);
  }
  const blocks = footer.sections.reduce((sum, { bytes }) => sum + Math.ceil(bytes / footer.blockBytes), 0);
  if (blocks !== footer.sums.count || footer.sums.offset + 4 * blocks !== start) throw corrupt('its footer does not fit its length');
  const sums = toColumn('u32', await file.read(footer.sums.offset, 4 * blocks));
  if (crc32(bytesOf(sums)) !== footer.sums.crc32) throw corrupt('the checksum of its checksums differs');
  return { footer, sums };
}

function checkedFile<Meta>(file: OpenArtifact, footer: z.infer<typeof footerSchema>, sums: Uint32Array, meta: Meta, corrupt: Corrupt): CheckedFile<Meta> {
  const { blockBytes } = footer;
  const sections = new Map<string, Section & { firstBlock: number }>();
  let firstBlock = 0;
  for (const section of footer.sections) {
    sections.set(section.name, { ...section, firstBlock });
    firstBlock += Math.ceil(section.bytes / blockBytes);
  }
  const find = (name: string): Section & { firstBlock: number } => {
    const section = sections.get(name);
    if (!section) throw corrupt(`it has no section ${name}`);
    return section;
  };
  const read = async (name: string, from: number, length: number, into?: Buffer): Promise<Buffer> => {
    const section = find(name);
    if (from < 0 || length < 0 || from + length > section.bytes) throw corrupt(`${name} has ${section.bytes} bytes, not ${from + length}`);
    if (length === 0) return Buffer.alloc(0);
    const begin = from - (from % blockBytes);
    const end = Math.min(section.bytes, Math.ceil((from + length) / blockBytes) * blockBytes);
    const blocks = await file.read(section.offset + begin, end - begin, into);
    for (let at = 0; at < blocks.length; at += blockBytes) {
      const block = (begin + at) / blockBytes;
      if (crc32(blocks.subarray(at, at + blockBytes)) !== sums[section.firstBlock + block]) throw corrupt(`the checksum of block ${block} of ${name} differs`);
    }
    return blocks.subarray(from - begin, from - begin + length);
  };
  return {
    meta,
    sectionBytes: (name) => sections.get(name)?.bytes ?? 0,
    bytes: read,
    async column(name, kind, from = 0, count) {
      const section = find(name);
      if (section.kind !== kind) throw corrupt(`${name} holds ${section.kind} where ${kind} is expected`);
      const size = KINDS[kind].BYTES_PER_ELEMENT;
      return toColumn(kind, await read(name, from * size, (count ?? section.bytes / size - from) * size));
    },
    async verify() {
      for (const { name, bytes } of sections.values()) {
        for (let at = 0; at < bytes; at += SCAN_BYTES) await read(name, at, Math.min(SCAN_BYTES, bytes - at));
      }
    },
    close: () => file.close(),
  };
}

function toColumn<K extends ColumnKind>(kind: K, bytes: Buffer): Column<K> {
  // A fresh buffer, as what is read may begin anywhere.
  return new KINDS[kind](new Uint8Array(bytes).buffer) as Column<K>;
}
