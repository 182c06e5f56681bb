import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { openCoderFile } from '#gpu-worker/activations/store/coder-file.ts';
import { rngFor } from '#lib/random/rng.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import type { Print } from './print.ts';
import { median, round } from './timing.ts';

const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('./store-examples.ts', import.meta.url));
const [WIDTH, ACTIVE] = [131_072, 32];
const SIZES = [1_000_000, 10_000_000] as const;
const LATENTS_READ = 400;
const CHUNK = 1 << 20;
// delphi keeps row, position and latent in 16 or 32 bits and the value in 16; of 131,072 latents in 5 splits and more than 65,536 rows, 32.
const DELPHI_BYTES = { narrow: 8, wide: 14 };

const figuresSchema = z.array(z.record(z.string(), z.union([z.string(), z.number()])));
const writtenSchema = z.object({
  pairs: z.number(),
  runs: z.number(),
  spillSeconds: z.number(),
  spillCpuSeconds: z.number(),
  mergeSeconds: z.number(),
  spillPeakMb: z.number(),
  peakMb: z.number(),
});

/**
 * The activation store on synthetic pairs of 131,072 latents, 32 active: peak memory at ten times the tokens, pairs a
 * second of the spill path, the merge beside reading and writing as much, one latent's read and all of its examples, cold and
 * warm, by each protocol, bytes a pair.
 */
export async function benchStore(print: Print): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'atlas-bench-store-'));
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < 8e9) throw new Error(`this bench writes 5 GB under ${folder}; make room or set TMPDIR`);
    print({ bench: 'store', load_1m: round(loadavg()[0] ?? 0) });
    const peaks: number[] = [];
    for (const tokens of SIZES) {
      const at = join(folder, String(tokens));
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', WRITER, at, String(tokens), String(WIDTH), String(ACTIVE)]);
      const w = writtenSchema.parse(JSON.parse(stdout));
      peaks.push(w.peakMb);
      print({ measure: 'write', tokens, pairs: w.pairs, runs: w.runs, pairs_per_second: Math.round(w.pairs / w.spillSeconds), pairs_per_cpu_second: Math.round(w.pairs / w.spillCpuSeconds), peak_mb_spilling: round(w.spillPeakMb), peak_mb: round(w.peakMb) }); // prettier-ignore
      const sequential = await readAndWrite(at, w.runs);
      print({ measure: 'merge', tokens, seconds: round(w.mergeSeconds), read_and_write_seconds: round(sequential), times: round(w.mergeSeconds / sequential), pairs_per_second: Math.round(w.pairs / w.mergeSeconds) }); // prettier-ignore
      const { size } = await stat(join(at, 'by-latent.bin'));
      print({ measure: 'size', tokens, bytes_per_pair: round(size / w.pairs), delphi_bytes_per_pair: tokens / 256 < 65_536 ? DELPHI_BYTES.narrow : DELPHI_BYTES.wide, delphi_bytes_per_pair_in_memory: 26 }); // prettier-ignore
      for (const measure of await readLatents(at)) print({ measure: 'read one latent', tokens, ...measure });
      const examples = await promisify(execFile)(process.execPath, ['--import', 'tsx', EXAMPLES, at]);
      for (const measure of figuresSchema.parse(JSON.parse(examples.stdout))) print({ ...measure, tokens });
    }
    print({ measure: 'peak at 10 times the tokens', times: round(peaks[1]! / peaks[0]!) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds to read all runs once and write as many bytes as the store has, on the disk when it ends, nothing computed. */
async function readAndWrite(at: string, runs: number): Promise<number> {
  const { size } = await stat(join(at, 'by-latent.bin'));
  const buffer = Buffer.alloc(CHUNK, 7);
  const out = join(at, 'sequential');
  const began = performance.now();
  for (let run = 0; run < runs; run++) {
    const file = await open(join(at, 'runs', `${String(run).padStart(5, '0')}.bin`));
    while ((await file.read(buffer, 0, CHUNK)).bytesRead > 0);
    await file.close();
  }
  const file = await open(out, 'w');
  for (let left = size; left > 0; left -= CHUNK) await file.write(buffer, 0, Math.min(CHUNK, left));
  await file.datasync();
  await file.close();
  const seconds = (performance.now() - began) / 1000;
  await rm(out);
  return seconds;
}

/** Milliseconds to read random latents, the first time after the system has forgotten the file (where it lets us), then again. */
async function readLatents(at: string): Promise<Record<string, string | number>[]> {
  const forgotten = await forget();
  const coder = await openCoderFile(createLocalArtifacts(at), 'by-latent.bin');
  try {
    const rng = rngFor('bench', 'latents');
    const chosen = Array.from({ length: LATENTS_READ }, () => rng.int(WIDTH));
    const out: Record<string, string | number>[] = [];
    for (const state of [forgotten ? 'cold' : 'cold (not forgotten: needs root)', 'warm']) {
      const times: number[] = [];
      let pairs = 0;
      for (const latent of chosen) {
        const began = performance.now();
        pairs += (await coder.latent(latent)).place.length;
        times.push(performance.now() - began);
      }
      times.sort((a, b) => a - b);
      out.push({
        state,
        median_ms: round(median(times)),
        p99_ms: round(times[Math.floor(0.99 * times.length)]!),
        mean_pairs: Math.round(pairs / chosen.length),
      });
    }
    return out;
  } finally {
    await coder.close();
  }
}

async function forget(): Promise<boolean> {
  return writeFile('/proc/sys/vm/drop_caches', '1').then(
    () => true,
    () => false,
  );
}
