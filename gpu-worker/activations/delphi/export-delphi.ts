import { mkdir, mkdtemp, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { halfOf } from '#lib/bytes/float16.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import { bytesOf } from '#gpu-worker/activations/store/checked-file.ts';
import { ByLatent, withStreams } from '#gpu-worker/activations/store/merge-runs.ts';
import type { OpenStore } from '#gpu-worker/activations/store/open-store.ts';
import { writeRun } from '#gpu-worker/activations/store/run-stream.ts';
import { Spill } from '#gpu-worker/activations/store/spill.ts';
import type { CoderActivations, StoredRows } from '#gpu-worker/activations/store/types.ts';
import { safetensorsHeader } from '#gpu-worker/model/safetensors-writer.ts';

const HELD_PAIRS = 1 << 20;
/** Entries encoded at a time. */
const PIECE = 1 << 18;
const ROWS_AT_ONCE = 1024;
const U16_END = 65_536;

/**
 * Writes a store as delphi's cache (`method.md` §2.4): a folder a coder, named by its hookpoint, with `config.json` and
 * one file a split of the latents. Values are halves without a scale, as delphi knows none: what is above 65,504 becomes
 * infinite there, as it does in delphi. Memory does not depend on how much there is.
 */
export async function exportDelphi(store: OpenStore, out: string, splits: number): Promise<string[]> {
  const written: string[] = [];
  const names = new Set<string>();
  for (const [i, coder] of store.coders.entries()) {
    const name = coder.hookpoint === '' || names.has(coder.hookpoint) ? `${coder.hookpoint || 'coder'}.${i}` : coder.hookpoint;
    names.add(name);
    const folder = join(out, name);
    await mkdir(folder, { recursive: true });
    const bounds = splitBounds(coder.width, splits);
    for (let split = 0; split < splits; split++) {
      const [start, end] = [bounds[split]!, bounds[split + 1]!];
      if (end > start) written.push(await writeSplit(folder, coder, store.rows, start, end));
    }
    const config = { cache_ctx_len: coder.rowLength, n_tokens: coder.rows * coder.rowLength, n_splits: splits, model_name: modelName(store, i) };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config, null, 4));
  }
  return written;
}

function modelName({ manifest }: OpenStore, coder: number): string {
  return String(manifest.coders[coder]?.made_of.model_name ?? '');
}

/** `torch.linspace(0, width, splits + 1)` truncated: a step in singles, multiplied and added with one rounding, from both ends to the middle; one less than exact for some. */
export function splitBounds(width: number, splits: number): number[] {
  const step = Math.fround(width / splits);
  return Array.from({ length: splits + 1 }, (_, i) =>
    Math.trunc(i < Math.floor((splits + 1) / 2) ? Math.fround(step * i) : Math.fround(width - step * (splits - i))),
  );
}

async function writeSplit(folder: string, coder: CoderActivations, rows: StoredRows | null, start: number, end: number): Promise<string> {
  const path = join(folder, `${start}_${end - 1}.safetensors`);
  const draft = `${path}.${process.pid}.tmp`;
  const scratch = await mkdtemp(join(folder, '.sorting-'));
  try {
    const artifacts = createLocalArtifacts(scratch);
    const runs: string[] = [];
    // Sorted by row: a “latent” of these runs is a row, and a “place” in it says position and latent.
    const latents = end - start;
    if (coder.rowLength * latents > 2 ** 32)
      throw new AppError('too_large', `A file of ${latents} latents on rows of ${coder.rowLength} tokens cannot be sorted; ask for more splits.`, {
        field: 'splits',
      });
    const spill = new Spill(coder.rows, HELD_PAIRS, async (words, pairs) => {
      const key = `run-${String(runs.length).padStart(5, '0')}`;
      runs.push(key);
      await writeRun(artifacts, key, [words], () => pairs);
    });
    const most = { row: 0, latent: 0 };
    let entries = 0;
    for await (const { latent, place, value } of coder.sweep(start, latents)) {
      if (place.length > 0) most.latent = latent - start;
      for (let i = 0; i < place.length; i++) {
        const row = Math.floor(place[i]! / coder.rowLength);
        if (row > most.row) most.row = row;
        if (spill.isFull) await spill.spill();
        spill.push(row, (place[i]! % coder.rowLength) * latents + latent - start, value[i]!);
        entries++;
      }
    }
    await spill.finish();
    const narrow = most.row < U16_END && most.latent < U16_END;
    await withStreams(artifacts, runs, async (streams) => {
      await writeTensors(draft, { entries, narrow, rows }, async (append) => {
        const locations = narrow ? new Uint16Array(3 * PIECE) : new Uint32Array(3 * PIECE);
        const halves = new Uint16Array(PIECE);
        const [single, bits] = ((one) => [one, new Uint32Array(one.buffer)] as const)(new Float32Array(1));
        let used = 0;
        const flush = async (): Promise<void> => {
          await append(bytesOf(locations.subarray(0, 3 * used)), bytesOf(halves.subarray(0, used)));
          used = 0;
        };
        const merge = new ByLatent(streams);
        while (await merge.next()) {
          const { latent: row, count } = merge;
          const entry: { at: number; value: number }[] = [];
          for (const stream of merge.from.slice(0, merge.parts)) {
            for (let left = stream.count; left > 0; left--, stream.at += 2) {
              if (stream.at === stream.words.length && !(await stream.refill())) throw stream.damaged();
              entry.push({ at: stream.words[stream.at]!, value: stream.values[stream.at + 1]! });
            }
          }
          entry.sort((a, b) => a.at - b.at);
          for (let i = 0; i < count; i++) {
            const { at, value } = entry[i]!;
            locations.set([row, Math.floor(at / latents), at % latents], 3 * used);
            single[0] = value;
            halves[used] = halfOf(bits[0]!);
            used++;
            if (used === PIECE) await flush();
          }
        }
        await flush();
      });
    });
    await rename(draft, path);
    return path;
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT'))) throw cause;
    throw new AppError('out_of_space', `The disk is full: ${path} could not be written, and nothing of it was kept. Make room and export again.`, { cause });
  } finally {
    await rm(draft, { force: true });
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Writes a file of delphi's tensors in the order in which safetensors lays them out: larger elements first, then by name. */
async function writeTensors(
  path: string,
  { entries, narrow, rows }: { entries: number; narrow: boolean; rows: StoredRows | null },
  fill: (append: (locations: Uint8Array, activations: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const tokens = rows === null ? [] : [{ name: 'tokens', dtype: 'I64' as const, shape: [rows.rows, rows.rowLength], bytes: 8 * rows.rows * rows.rowLength }];
  const activations = { name: 'activations', dtype: 'F16' as const, shape: [entries], bytes: 2 * entries };
  const locations = { name: 'locations', dtype: narrow ? ('U16' as const) : ('U32' as const), shape: [entries, 3], bytes: (narrow ? 6 : 12) * entries };
  const tensors = [...tokens, ...(narrow ? [activations, locations] : [locations, activations])];
  const file = await open(path, 'w');
  try {
    const header = safetensorsHeader(tensors);
    await writeAt(file, header, 0);
    let position = header.length;
    const begin = new Map(tensors.map(({ name, bytes }) => [name, (position += bytes) - bytes]));
    if (rows) await writeTokens(file, rows, begin.get('tokens') ?? 0);
    let [atLocations, atActivations] = [begin.get('locations') ?? 0, begin.get('activations') ?? 0];
    await fill(async (locationBytes, activationBytes) => {
      atLocations = await writeAt(file, locationBytes, atLocations);
      atActivations = await writeAt(file, activationBytes, atActivations);
    });
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function writeTokens(file: FileHandle, rows: StoredRows, position: number): Promise<void> {
  for (let first = 0; first < rows.rows; first += ROWS_AT_ONCE) {
    const ids = await rows.tokens(first, Math.min(ROWS_AT_ONCE, rows.rows - first));
    const words = new Uint32Array(2 * ids.length);
    for (let i = 0; i < ids.length; i++) words[2 * i] = ids[i]!;
    position = await writeAt(file, bytesOf(words), position);
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  return position + bytes.length;
}
