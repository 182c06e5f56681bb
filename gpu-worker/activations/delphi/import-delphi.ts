import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AppError } from '#lib/errors/app-error.ts';
import type { ArtifactStore } from '#platform/artifacts/types.ts';
import { markShard, mergeCoder, readCoderEntry, runKey } from '#gpu-worker/activations/collect/coder-artifacts.ts';
import { dealRows, rowSignature, type RowSignature } from '#gpu-worker/activations/collect/token-file-rows.ts';
import { dataSetKey } from '#gpu-worker/activations/data-set.ts';
import { ALGORITHM_VERSIONS, contentKey } from '#gpu-worker/activations/keys.ts';
import { storedFile, publishManifest, type CoderEntry, type DataEntry, type StoreManifest } from '#gpu-worker/activations/store/manifest.ts';
import { writeRows, type RowsPiece } from '#gpu-worker/activations/store/rows-file.ts';
import { writeRun } from '#gpu-worker/activations/store/run-stream.ts';
import { Spill } from '#gpu-worker/activations/store/spill.ts';
import type { StoredDocument } from '#gpu-worker/activations/store/types.ts';
import { readRange } from '#gpu-worker/model/file-range.ts';
import { readFloats } from '#gpu-worker/model/safetensors.ts';
import { DTYPE_BYTES, type StoredTensor } from '#gpu-worker/model/stored-tensor.ts';
import { corrupt, openDelphiCaches, type DelphiCache, type DelphiSplit } from './cache-files.ts';

/** Entries, or tokens, read at a time. */
const PIECE = 1 << 18;
const HELD_PAIRS = 1 << 20;
/** Lengths of rows of tokens are kept in 16 bits. */
const MAX_LENGTH = 65_535;

/** Values of another program, unchanged: what they were computed with is not known. */
const UNKNOWN = 'delphi';

/**
 * Makes a store of what delphi has cached, every value bit for bit; each row a document of its own, near
 * duplicates on one side. Without tokens in the cache the store has no rows: statistics, but no windows. `rowLength` is needed where
 * neither tokens nor a config say it; else it must agree. Throws AppError for a cache that is not sound.
 */
export async function importDelphi(
  artifacts: ArtifactStore,
  folder: string,
  rowLength: number | null,
  say: (sentence: string) => void,
): Promise<StoreManifest> {
  const caches = await openDelphiCaches(folder);
  const length = await commonRowLength(caches, rowLength, say);
  const tokens = caches.flatMap(({ splits }) => splits).find((split) => split.tokens !== null)?.tokens ?? null;
  await checkSameTokens(caches, tokens);
  const rows = tokens?.shape[0] ?? 1 + (await largest(caches, 0));
  if (rows * length > 2 ** 32) throw new AppError('too_large', `${rows} rows of ${length} tokens are more than the 4,294,967,296 that one store can number.`);
  if (tokens !== null && length > MAX_LENGTH)
    throw new AppError('too_large', `The cache has rows of ${length} tokens; a row of a store has at most ${MAX_LENGTH}. Cache it again with shorter rows.`, {
      field: 'row-length',
    });
  const tokenSum = tokens === null ? null : await sumOf(tokens);
  const dataKey = contentKey({ version: ALGORITHM_VERSIONS.rows, imported: UNKNOWN, tokens: tokenSum, rows, rowLength: length });
  const data = await importRows(artifacts, dataKey, tokens, { rows, length, tokenSum });
  const coders: CoderEntry[] = [];
  for (const cache of caches) coders.push(await importCoder(artifacts, cache, { data: dataKey, rows, rowLength: length }));
  const key = contentKey({ data: dataKey, coders: coders.map((coder) => coder.key) });
  const manifest: StoreManifest = { format: 'latent-atlas activation store', version: 1, key, data, coders };
  await publishManifest(artifacts, manifest);
  return manifest;
}

async function commonRowLength(caches: readonly DelphiCache[], given: number | null, say: (sentence: string) => void): Promise<number> {
  const stated = new Set(caches.flatMap((cache) => (cache.rowLength === null ? [] : [cache.rowLength])));
  if (given !== null) stated.add(given);
  if (stated.size > 1)
    throw new AppError('bad_request', `The rows would be ${[...stated].join(' and ')} tokens long; they must be of one length.`, { field: 'row-length' });
  const [known] = stated;
  const positions = 1 + (await largest(caches, 1));
  if (known === undefined) {
    if (positions === 0)
      throw new AppError('bad_request', 'The cache holds no activation, and nothing says how long its rows are: give --row-length.', { field: 'row-length' });
    const guessed = 2 ** Math.ceil(Math.log2(positions));
    say(`Nothing says how long the rows are; ${guessed} tokens, which hold the largest position, ${positions - 1}. Say it with --row-length if that is wrong.`);
    return guessed;
  }
  if (positions > known)
    throw new AppError('bad_request', `The cache holds position ${positions - 1}, so that rows of ${known} tokens are too short.`, { field: 'row-length' });
  return known;
}

/** The largest row (0) or position (1) of any entry; −1 when there is none. */
async function largest(caches: readonly DelphiCache[], column: 0 | 1): Promise<number> {
  let most = -1;
  for (const { splits } of caches) {
    for (const split of splits) {
      for await (const { locations } of piecesOf(split)) for (let i = column; i < locations.length; i += 3) most = Math.max(most, locations[i]!);
    }
  }
  return most;
}

/** delphi repeats the tokens in every file; were they not the same, rows would mean different things. */
async function checkSameTokens(caches: readonly DelphiCache[], first: StoredTensor | null): Promise<void> {
  if (first === null) return;
  const sum = await sumOf(first);
  for (const { splits } of caches) {
    for (const { path, tokens } of splits) {
      if (tokens && (tokens.shape.join() !== first.shape.join() || (await sumOf(tokens)) !== sum)) throw corrupt(path, `holds other tokens than ${first.file}`);
    }
  }
}

async function sumOf({ file, offset, length }: StoredTensor): Promise<string> {
  const hash = createHash('sha256');
  if (length > 0) for await (const chunk of createReadStream(file, { start: offset, end: offset + length - 1 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function importRows(
  artifacts: ArtifactStore,
  key: string,
  tokens: StoredTensor | null,
  { rows, length, tokenSum }: { rows: number; length: number; tokenSum: string | null },
): Promise<DataEntry> {
  const made_of = { version: ALGORITHM_VERSIONS.rows, imported: UNKNOWN, tokens: tokenSum };
  const common = { key, rows, row_length: length, masked_token: null, made_of };
  if (tokens === null) return { ...common, tokens: rows * length, documents: 0, file: null };
  const at = Math.max(1, Math.floor(PIECE / length));
  const signatures: RowSignature[] = [];
  async function* pieces(stored: StoredTensor): AsyncGenerator<RowsPiece> {
    for (let first = 0; first < rows; first += at) {
      const count = Math.min(at, rows - first);
      const ids = await readIntegers(stored, first * length, count * length);
      for (let row = 0; row < count; row++) signatures.push(rowSignature(ids.subarray(row * length, (row + 1) * length)));
      yield { tokens: ids, document: Uint32Array.from({ length: count }, (_, row) => first + row), length: new Uint16Array(count).fill(length) };
    }
  }
  const documents = (): StoredDocument[] => dealRows(signatures).map((split, row) => ({ key: `row-${row}`, split }));
  const facts = await writeRows(artifacts, dataSetKey(key), { rowLength: length, bos: null, pieces: pieces(tokens), documents });
  return { ...common, tokens: facts.tokens, documents: facts.documents, file: await storedFile(artifacts, dataSetKey(key)) };
}

async function importCoder(
  artifacts: ArtifactStore,
  cache: DelphiCache,
  { data, rows, rowLength }: { data: string; rows: number; rowLength: number },
): Promise<CoderEntry> {
  const { hookpoint, width, splits, modelName } = cache;
  const sums: string[] = [];
  for (const { start, locations, activations } of splits) sums.push(`${start}`, await sumOf(locations), await sumOf(activations));
  const imported = createHash('sha256').update(sums.join()).digest('hex');
  const parts = { version: ALGORITHM_VERSIONS.activations, data, hookpoint, width, imported, by: UNKNOWN };
  const key = contentKey(parts);
  const known = await readCoderEntry(artifacts, key);
  if (known !== null) return known;
  const all = { first: 0, count: rows };
  let runs = 0;
  const spill = new Spill(width, HELD_PAIRS, (words, pairs) => writeRun(artifacts, runKey(key, all, runs++), [words], () => pairs));
  for (const split of splits) {
    const latents = (splits[splits.indexOf(split) + 1]?.start ?? width) - split.start;
    let before = -1;
    for await (const { locations, values } of piecesOf(split)) {
      for (let i = 0; i < values.length; i++) {
        const [row, position, latent, value] = [locations[3 * i]!, locations[3 * i + 1]!, locations[3 * i + 2]!, values[i]!];
        const place = row * rowLength + position;
        if (latent >= latents || position >= rowLength || row >= rows)
          throw corrupt(split.path, `names row ${row}, position ${position}, latent ${split.start + latent}, which it cannot hold`);
        if (!Number.isFinite(value))
          throw corrupt(
            split.path,
            `holds an activation at row ${row}, position ${position} that overflowed 16 bits when delphi wrote it; cache it again in another type`,
          );
        if (place < before) throw corrupt(split.path, `is not in the order in which delphi writes, row by row; it was changed since`);
        before = place;
        if (spill.isFull) await spill.spill();
        spill.push(split.start + latent, place, value);
      }
    }
  }
  const totals = await spill.finish();
  await markShard(artifacts, key, all, { runs, ...totals });
  return mergeCoder(artifacts, { key, shards: [all], facts: { hookpoint, width, rows, rowLength }, madeOf: { ...parts, model_name: modelName } });
}

async function* piecesOf({
  locations,
  activations,
  entries,
}: DelphiSplit): AsyncGenerator<{ locations: Int32Array | Uint16Array | Uint32Array; values: Float32Array }> {
  for (let first = 0; first < entries; first += PIECE) {
    const count = Math.min(PIECE, entries - first);
    const bytes = DTYPE_BYTES[activations.dtype];
    yield {
      locations: await readIntegers(locations, 3 * first, 3 * count),
      values: await readFloats({ ...activations, shape: [count], offset: activations.offset + first * bytes, length: count * bytes }),
    };
  }
}

/** Elements of a tensor of whole numbers. Throws AppError 'corrupt_file' for one of 64 bits beyond 31. */
async function readIntegers(tensor: StoredTensor, first: number, count: number): Promise<Int32Array> {
  const size = DTYPE_BYTES[tensor.dtype];
  const { buffer } = await readRange(tensor.file, tensor.offset + first * size, count * size);
  if (tensor.dtype === 'U16') return Int32Array.from(new Uint16Array(buffer));
  const words = new Int32Array(buffer);
  const [step, high] = tensor.dtype === 'I64' ? [2, 1] : [1, 0];
  const out = step === 1 ? words : Int32Array.from({ length: count }, (_, i) => words[2 * i]!);
  for (let i = 0; i < count; i++) {
    if (out[i]! < 0 || (high === 1 && words[2 * i + 1] !== 0)) throw corrupt(tensor.file, `holds a number in ${tensor.name} that is below 0 or too large`);
  }
  return out;
}
