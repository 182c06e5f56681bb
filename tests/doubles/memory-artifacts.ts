import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';

/** An artifact store in memory, for tests of what reads and writes through one. */
export function memoryArtifacts(): ArtifactStore & { files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>();
  const find = (key: string): Buffer => {
    const bytes = files.get(key);
    if (!bytes) throw new AppError('not_found', `There is no artifact ${key}.`);
    return bytes;
  };
  return {
    files,
    has: async (key) => files.has(key),
    read: async (key) => find(key),
    readRange: async (key, offset, length) => find(key).subarray(offset, offset + length),
    write: async (key, bytes) => {
      const parts: Uint8Array[] = [];
      if (bytes instanceof Uint8Array) parts.push(bytes);
      else for await (const part of bytes) parts.push(part);
      files.set(key, Buffer.concat(parts));
    },
    delete: async (key) => {
      files.delete(key);
    },
  };
}
