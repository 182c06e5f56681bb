import { open } from 'node:fs/promises';
import { AppError } from '#lib/errors/app-error.ts';

// One read call takes at most 2^31 - 1 bytes on Linux; tensors can be larger.
const READ_CHUNK = 1 << 30;

/** Exactly `length` bytes from `offset` of a file. Throws AppError 'corrupt_file' when the file ends before that. */
export async function readRange(file: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  const handle = await open(file, 'r');
  try {
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(READ_CHUNK, length - done), offset + done);
      if (bytesRead === 0)
        throw new AppError('corrupt_file', `${file} ends at byte ${offset + done}, but ${offset + length} bytes are needed: it was cut short; fetch it again.`);
      done += bytesRead;
    }
  } finally {
    await handle.close();
  }
  return bytes;
}
