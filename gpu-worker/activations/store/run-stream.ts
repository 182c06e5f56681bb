import { z } from 'zod';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { encodeCheckedFile, openCheckedFile, type CheckedFile } from './checked-file.ts';
import { RECORD_HEADER } from './spill.ts';

const FORMAT = { format: 'latent-atlas run', version: 1 };
const metaSchema = z.object({ pairs: z.number().int().nonnegative() });
const RECORDS = 'records';

/** Writes a run, whole or as it comes. */
export async function writeRun(
  store: ArtifactStore,
  key: string,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  pairs: () => number,
): Promise<void> {
  await store.write(
    key,
    encodeCheckedFile(FORMAT, [{ name: RECORDS, kind: 'u32', chunks: () => records }], () => ({ pairs: pairs() })),
  );
}

/** Reads a run to its end; returns its pairs. Throws AppError 'corrupt_file' or 'not_found' naming it. */
export async function verifyRun(store: ArtifactStore, key: string): Promise<number> {
  const file = await openCheckedFile(store, key, { ...FORMAT, meta: metaSchema });
  await file.verify().finally(() => file.close());
  return file.meta.pairs;
}

/** Latent of a stream at its end: behind all others. */
export const AT_END = Infinity;

/** A run read from its beginning to its end in chunks, the next being fetched while one is worked through. */
export class RunStream {
  readonly key: string;
  /** The record at hand; AT_END when there is none. */
  latent: number = -1;
  count = 0;
  largest = 0;
  smallest = 0;
  words: Uint32Array = new Uint32Array();
  values: Float32Array = new Float32Array();
  /** Next word of the chunk; what the record still holds lies from here, in this chunk and those after it. */
  at = 0;
  private readonly file: CheckedFile<unknown>;
  private readonly bytes: number;
  private readonly chunkBytes: number;
  private readonly buffers: [Buffer, Buffer];
  private fetched = 0;
  private coming: Promise<Buffer> | null = null;

  private constructor(key: string, file: CheckedFile<unknown>, chunkBytes: number) {
    this.key = key;
    this.file = file;
    this.bytes = file.sectionBytes(RECORDS);
    this.chunkBytes = Math.min(chunkBytes, this.bytes);
    // Always the same two: what is left to be collected as garbage grows with what is read.
    this.buffers = [Buffer.allocUnsafeSlow(this.chunkBytes), Buffer.allocUnsafeSlow(this.chunkBytes)];
  }

  /** Stands at the first record. `chunkBytes` must be a multiple of 64 KiB; two are held. */
  static async open(store: ArtifactStore, key: string, chunkBytes: number): Promise<RunStream> {
    const file = await openCheckedFile(store, key, { ...FORMAT, meta: metaSchema });
    const stream = new RunStream(key, file, chunkBytes);
    stream.fetch();
    await stream.nextRecord();
    return stream;
  }

  /** True when the next record's header lay in the chunk; else `nextRecord` must be awaited. */
  tryNextRecord(): boolean {
    if (this.words.length - this.at < RECORD_HEADER) return false;
    this.readHeader(this.words, this.values, this.at);
    this.at += RECORD_HEADER;
    return true;
  }

  async nextRecord(): Promise<void> {
    if (this.tryNextRecord()) return;
    const header = new Uint32Array(RECORD_HEADER);
    for (let i = 0; i < RECORD_HEADER; i++) {
      if (this.at === this.words.length && !(await this.refill())) {
        if (i > 0) throw this.damaged();
        this.latent = AT_END;
        return;
      }
      header[i] = this.words[this.at++]!;
    }
    this.readHeader(header, new Float32Array(header.buffer), 0);
  }

  /** Takes the next chunk; false at the end. To be called when all of the one before is used: its memory is filled anew. */
  async refill(): Promise<boolean> {
    if (this.coming === null) return false;
    const chunk = aligned(await this.coming);
    this.words = new Uint32Array(chunk.buffer, chunk.byteOffset, chunk.length / 4);
    this.values = new Float32Array(chunk.buffer, chunk.byteOffset, chunk.length / 4);
    this.at = 0;
    this.fetch();
    return true;
  }

  damaged(): AppError {
    return new AppError('corrupt_file', `The artifact ${this.key} is damaged: its records are not in order. Delete it and run the stage again.`);
  }

  async close(): Promise<void> {
    await this.coming?.catch(() => undefined);
    await this.file.close();
  }

  private readHeader(words: Uint32Array, floats: Float32Array, at: number): void {
    const latent = words[at]!;
    if (latent <= this.latent || words[at + 1] === 0) throw this.damaged();
    this.latent = latent;
    this.count = words[at + 1]!;
    this.largest = floats[at + 2]!;
    this.smallest = floats[at + 3]!;
  }

  private fetch(): void {
    const length = Math.min(this.chunkBytes, this.bytes - this.fetched);
    this.coming = length === 0 ? null : this.file.bytes(RECORDS, this.fetched, length, this.buffers[0]);
    this.buffers.reverse();
    this.coming?.catch(() => undefined);
    this.fetched += length;
  }
}

function aligned(bytes: Buffer): Buffer | Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
}
