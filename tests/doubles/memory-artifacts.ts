import { createHash } from 'node:crypto';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactFacts, ArtifactStore } from '#platform/artifacts/types.ts';

/**
 * An artifact store in memory, for tests of what reads and writes through one. As strict as a disk that is slow: what is
 * read is the reader's own, or in the memory it gave, and a chunk that is filled anew before the next but one is taken
 * fails the write.
 */
export function memoryArtifacts(): ArtifactStore & { files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  const find = (key: string): Buffer => {
    const bytes = files.get(key);
    if (!bytes) throw new AppError('not_found', `There is no artifact ${key}.`);
    return bytes;
  };
  const factsOf = (bytes: Buffer): ArtifactFacts => ({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  const readRange = async (key: string, offset: number, length: number, into?: Buffer): Promise<Buffer> => {
    const bytes = find(key);
    if (offset < 0 || offset + length > bytes.length) throw new AppError('bad_request', `The artifact ${key} has ${bytes.length} bytes.`);
    if (into === undefined) return Buffer.from(bytes.subarray(offset, offset + length));
    if (into.length < length) throw new Error(`${into.length} bytes of memory were given for ${length} of ${key}`);
    bytes.copy(into, 0, offset, offset + length);
    return into.subarray(0, length);
  };
  return {
    files,
    has: async (key) => files.has(key),
    facts: async (key) => (files.has(key) ? factsOf(find(key)) : null),
    read: async (key) => Buffer.from(find(key)),
    readRange: (key, offset, length) => readRange(key, offset, length),
    open: async (key) => ({ bytes: find(key).length, read: (offset, length, into) => readRange(key, offset, length, into), close: async () => undefined }),
    write: async (key, bytes) => {
      const parts: Buffer[] = [];
      if (bytes instanceof Uint8Array) parts.push(Buffer.from(bytes));
      else {
        let before: Uint8Array | null = null;
        for await (const part of bytes) {
          if (before !== null && !parts.at(-1)!.equals(before)) throw new Error(`a chunk of ${key} was changed while it was still being written`);
          parts.push(Buffer.from(part));
          before = part;
        }
      }
      const whole = Buffer.concat(parts);
      files.set(key, whole);
      return factsOf(whole);
    },
    create: async (key, bytes) => {
      if (files.has(key)) return false;
      files.set(key, Buffer.from(bytes));
      return true;
    },
    list: async (folder) => [...files.keys()].filter((key) => folder === undefined || key.startsWith(`${folder}/`)).sort(),
    delete: async (key) => {
      files.delete(key);
    },
  };
}
