import { createHash } from 'node:crypto';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactFacts, ArtifactStore } from '#platform/artifacts/types.ts';

/** An artifact store in memory, for tests of what reads and writes through one. */
export function memoryArtifacts(): ArtifactStore & { files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  const find = (key: string): Buffer => {
    const bytes = files.get(key);
    if (!bytes) throw new AppError('not_found', `There is no artifact ${key}.`);
    return bytes;
  };
  const factsOf = (bytes: Buffer): ArtifactFacts => ({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  const readRange = async (key: string, offset: number, length: number): Promise<Buffer> => {
    const bytes = find(key);
    if (offset < 0 || offset + length > bytes.length) throw new AppError('bad_request', `The artifact ${key} has ${bytes.length} bytes.`);
    return bytes.subarray(offset, offset + length);
  };
  return {
    files,
    has: async (key) => files.has(key),
    facts: async (key) => (files.has(key) ? factsOf(find(key)) : null),
    read: async (key) => find(key),
    readRange,
    open: async (key) => ({ bytes: find(key).length, read: (offset, length) => readRange(key, offset, length), close: async () => undefined }),
    write: async (key, bytes) => {
      const parts: Uint8Array[] = [];
      if (bytes instanceof Uint8Array) parts.push(bytes);
      // Copied at once, as a disk would have it: a writer may fill its buffer anew.
      else for await (const part of bytes) parts.push(Buffer.from(part));
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
