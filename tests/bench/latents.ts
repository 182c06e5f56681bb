import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Print } from './print.ts';
import { round } from './timing.ts';

const [WIDTH, ACTIVE] = [131_072, 32];
const SIZES = [1_000_000, 10_000_000] as const;
const TARGET_MB = 4096;
const figuresSchema = z.object({ seconds: z.number(), cpuSeconds: z.number(), peakMb: z.number(), pairs: z.number(), rows: z.number(), allRows: z.number() });

/** Statistics of all latents, and the fifty that share most tokens with each, of 131,072 latents with 32 active: seconds, of the clock and of the processor, and peak memory. */
export async function benchLatents(print: Print): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'atlas-bench-latents-'));
  const run = async (script: string, ...args: (string | number)[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, ['--import', 'tsx', join(import.meta.dirname, script), ...args.map(String)])).stdout;
  try {
    print({ bench: 'latents', load_1m: round(loadavg()[0] ?? 0) });
    for (const tokens of SIZES) {
      const at = join(folder, String(tokens));
      await run('store-writer.ts', at, tokens, WIDTH, ACTIVE);
      await rm(join(at, 'runs'), { recursive: true });
      for (const measure of ['statistics', 'co-occurrence']) {
        const { seconds, cpuSeconds, peakMb, pairs, rows, allRows } = figuresSchema.parse(JSON.parse(await run('latents-reader.ts', at, measure)));
        const share = round(rows / allRows);
        print({ measure, tokens, pairs, seconds: round(seconds), cpu_seconds: round(cpuSeconds), peak_mb: Math.round(peakMb), target_mb: TARGET_MB, share_of_rows: share, load_1m: round(loadavg()[0] ?? 0) }); // prettier-ignore
      }
      await rm(at, { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
