import { createReadStream } from 'node:fs';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { AppError, errorMessage } from '#lib/errors/app-error.ts';
import { elementCount, type Dtype } from './stored-tensor.ts';
import { safetensorsHeader } from './safetensors-writer.ts';

interface Part {
  name: string;
  dtype: Dtype;
  file: string;
  handle: FileHandle;
  bytes: number;
}

/**
 * A safetensors file whose tensors grow side by side, as large as the disk and never in memory: each grows in a file of
 * its own beside the result, and `finish` joins them. Nothing stands at the result's path before that.
 */
export class SafetensorsSink {
  private readonly path: string;
  private readonly parts: readonly Part[];

  private constructor(path: string, parts: readonly Part[]) {
    this.path = path;
    this.parts = parts;
  }

  /** Throws AppError 'bad_request' when no file can be written there. */
  static async open(path: string, tensors: readonly { name: string; dtype: 'F32' | 'U32' }[]): Promise<SafetensorsSink> {
    const parts: Part[] = [];
    try {
      for (const [i, { name, dtype }] of tensors.entries()) {
        const file = `${path}.${process.pid}.${i}.tmp`;
        parts.push({ name, dtype, file, handle: await open(file, 'w'), bytes: 0 });
      }
    } catch (cause) {
      const sink = new SafetensorsSink(path, parts);
      await sink.abandon();
      throw new AppError('bad_request', `${path} cannot be written: ${errorMessage(cause)}`, { field: 'out', cause });
    }
    return new SafetensorsSink(path, parts);
  }

  /** Adds values to the end of the tensor number `tensor` in the order given to `open`. */
  async append(tensor: number, data: Float32Array | Uint32Array): Promise<void> {
    const part = this.parts[tensor]!;
    await part.handle.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    part.bytes += data.byteLength;
  }

  /** Joins the tensors under their shapes, in order; a missing dimension (−1) is what the values make it. */
  async finish(shapes: readonly (readonly number[])[], metadata: Readonly<Record<string, string>>): Promise<void> {
    const joined = `${this.path}.${process.pid}.tmp`;
    const header = safetensorsHeader(
      this.parts.map(({ name, dtype, bytes }, i) => ({ name, dtype, bytes, shape: filled(shapes[i]!, bytes / 4) })),
      metadata,
    );
    const out = await open(joined, 'w');
    try {
      await out.writeFile(header);
      for (const { file, handle } of this.parts) {
        await handle.close();
        for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) await out.writeFile(chunk as Buffer);
        await rm(file);
      }
    } finally {
      await out.close();
    }
    await rename(joined, this.path);
  }

  /** Removes what has been written; for when something went wrong. */
  async abandon(): Promise<void> {
    for (const { handle, file } of this.parts) {
      await handle.close();
      await rm(file, { force: true });
    }
    await rm(`${this.path}.${process.pid}.tmp`, { force: true });
  }
}

function filled(shape: readonly number[], values: number): number[] {
  const known = elementCount(shape.filter((size) => size !== -1));
  const out = shape.map((size) => (size === -1 ? values / known : size));
  if (elementCount(out) !== values) throw new RangeError(`${values} values do not fill [${shape.join(', ')}]`);
  return out;
}
