import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { StoredTensor } from './stored-tensor.ts';

// Training moves every element of a tensor that it moves at all, so the ends of each tensor tell versions apart.
const SAMPLE_BYTES = 4096;

/**
 * A fingerprint of weights and the texts that go with them (a config), in hex: SHA-256 over the texts and, for each
 * tensor in order of name, its name, dtype, shape, and the first and last 4 KiB of its data. Cheap (8 KiB of reading a
 * tensor, whatever its size), and the same wherever the files lie and however they are sharded. It tells versions
 * apart; it is no proof against somebody who edits the inside of a large tensor on purpose.
 */
export async function fingerprint(texts: readonly (string | Uint8Array)[], tensors: Iterable<StoredTensor>): Promise<string> {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\n');
  const handles = new Map<string, FileHandle>();
  try {
    const ordered = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const tensor of ordered) {
      const handle = handles.get(tensor.file) ?? (await open(tensor.file, 'r'));
      handles.set(tensor.file, handle);
      const size = Math.min(SAMPLE_BYTES, tensor.length);
      const sample = Buffer.alloc(2 * size);
      await handle.read(sample, 0, size, tensor.offset);
      await handle.read(sample, size, size, tensor.offset + tensor.length - size);
      hash.update(`${tensor.name} ${tensor.dtype} [${tensor.shape.join(',')}]\n`).update(sample);
    }
  } finally {
    for (const handle of handles.values()) await handle.close();
  }
  return hash.digest('hex');
}
