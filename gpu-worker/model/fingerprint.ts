import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { hadSettled, looksOfFiles, type FileLooks } from './file-looks.ts';
import type { StoredTensor } from './stored-tensor.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;
/** Fingerprints found by this process, by the looks of what they were made from: opening a model again reads nothing. */
const known = new Map<string, string>();

/**
 * A fingerprint of weights and the texts that go with them (a config), in hex: SHA-256 over the texts and, for each
 * tensor in order of name, its name, dtype, shape and all of its data. The same wherever the files lie and however they
 * are sharded. Files that this process has hashed before, unchanged since by size and times, are not read again.
 */
export async function fingerprint(texts: readonly (string | Uint8Array)[], tensors: Iterable<StoredTensor>, now: () => number = Date.now): Promise<string> {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\n');
  const ordered = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const began = now();
  const looks = await looksOf(hash.copy().digest('hex'), ordered);
  const before = known.get(looks.text);
  if (before !== undefined) return before;
  const handles = new Map<string, FileHandle>();
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (const tensor of ordered) {
      const handle = handles.get(tensor.file) ?? (await open(tensor.file, 'r'));
      handles.set(tensor.file, handle);
      hash.update(describe(tensor));
      await hashRange(hash, handle, tensor, buffer);
    }
  } finally {
    for (const handle of handles.values()) await handle.close();
  }
  const found = hash.digest('hex');
  if (hadSettled(looks, began)) known.set(looks.text, found);
  return found;
}

const describe = ({ name, dtype, shape }: StoredTensor): string => `${name} ${dtype} [${shape.join(',')}]\n`;

async function hashRange(hash: Hash, handle: FileHandle, { offset, length }: StoredTensor, buffer: Buffer): Promise<void> {
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, length - at), offset + at);
    // A file cut short since its header was checked is named by whoever reads the tensor.
    if (bytesRead === 0) return;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** What tells, without reading them, whether the weights are what they were. */
async function looksOf(texts: string, tensors: readonly StoredTensor[]): Promise<FileLooks> {
  const files = [...new Set(tensors.map((tensor) => tensor.file))];
  const { text, changed } = await looksOfFiles(files.map((path) => ({ path, name: path })));
  const ranges = tensors.map((tensor) => `${describe(tensor)}${tensor.file} ${tensor.offset} ${tensor.length}`);
  const hash = createHash('sha256').update(JSON.stringify([texts, text, ranges]));
  return { text: hash.digest('hex'), changed };
}
