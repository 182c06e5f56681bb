import { readFileSync } from 'node:fs';
import { mergeRuns } from '#gpu-worker/activations/store/merge-runs.ts';
import { writeRun } from '#gpu-worker/activations/store/run-stream.ts';
import { Spill } from '#gpu-worker/activations/store/spill.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';

// A process of its own, as peak memory is a process's: writes a store of synthetic pairs into the folder given,
// <folder> <tokens> <width> <active> [capacity], and prints seconds and memory as JSON.
const [folder = '', ...numbers] = process.argv.slice(2);
const [tokens = 0, width = 0, active = 0, capacity = 1 << 20] = numbers.map(Number) as (number | undefined)[];
const ROW_LENGTH = 256;

/** As Linux counts it: the most that was resident since the last reset. */
const peak = (): number => Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Draws a batch of (latent, value), the work of a model, so that its time is not counted with the store's. */
const BATCH = 8192;
const latents = new Int32Array(BATCH * active);
const values = new Float32Array(BATCH * active);
let state = 12345;
function draw(count: number): void {
  for (let i = 0; i < count * active; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const u = (state >>> 0) / 2 ** 32;
    // As in trained coders, most latents are rare and a few are common; within a token each at most once.
    const slot = i % active;
    const band = Math.floor(width / active);
    latents[i] = slot * band + Math.floor(band * u * u * u);
    values[i] = 0.1 + 20 * u;
  }
}

const store = createLocalArtifacts(folder);
const runs: string[] = [];
const spill = new Spill(width, capacity, async (words, pairs) => {
  const key = `runs/${String(runs.length).padStart(5, '0')}.bin`;
  runs.push(key);
  await writeRun(store, key, [words], () => pairs);
});
let [seconds, busy] = [0, 0];
for (let first = 0; first < tokens; first += BATCH) {
  const count = Math.min(BATCH, tokens - first);
  draw(count);
  const [began, cpuBegan] = [performance.now(), cpu()];
  for (let token = 0; token < count; token++) {
    const end = (token + 1) * active;
    for (let from = token * active; (from = spill.pushPositive(latents, values, from, end, first + token)) < end;) await spill.spill();
  }
  if (first + count >= tokens) await spill.finish();
  seconds += (performance.now() - began) / 1000;
  busy += cpu() - cpuBegan;
}
const spillPeak = peak();
const merging = performance.now();
const rows = Math.ceil(tokens / ROW_LENGTH);
const pairs = await mergeRuns({ store, runs, key: 'by-latent.bin', facts: { hookpoint: '', width, rows, rowLength: ROW_LENGTH }, scratch: 'runs' });
process.stdout.write(
  JSON.stringify({
    pairs,
    runs: runs.length,
    spillSeconds: seconds,
    spillCpuSeconds: busy,
    mergeSeconds: (performance.now() - merging) / 1000,
    spillPeakMb: spillPeak,
    peakMb: peak(),
  }),
);
