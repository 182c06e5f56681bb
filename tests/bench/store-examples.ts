import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { openCoderFile } from '#gpu-worker/activations/store/coder-file.ts';
import { openRows, writeRows, type RowsPiece } from '#gpu-worker/activations/store/rows-file.ts';
import { openExampleSource, storeExamples, type ExampleSource } from '#gpu-worker/examples/store-examples.ts';
import type { Split } from '#lib/example/schema.ts';
import { PROTOCOLS, type Protocol } from '#lib/example/protocol.ts';
import { rngFor } from '#lib/random/rng.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';
import { median, round } from './timing.ts';

// A process of its own, as peak memory is a process's: draws examples of random latents from the store in the folder
// given, the rows of synthetic tokens added first, and prints a list of figures as JSON.
const [folder = ''] = process.argv.slice(2);
const [LATENTS, NEIGHBOURS, ROWS_KEY] = [200, 5, 'rows.bin'];
const [ROWS_A_DOCUMENT, VOCABULARY, PIECE_ROWS] = [12, 50_000, 1024];

/** Tokens as often as words are: the rank r with a probability in proportion to 1 / r. */
async function writeTokens({ rows, rowLength }: { rows: number; rowLength: number }): Promise<void> {
  const rng = rngFor('bench', 'tokens');
  const sides: Split[] = ['train', 'train', 'test', 'test', 'reserve'];
  function* pieces(): Generator<RowsPiece> {
    for (let first = 0; first < rows; first += PIECE_ROWS) {
      const count = Math.min(PIECE_ROWS, rows - first);
      yield {
        tokens: Int32Array.from({ length: count * rowLength }, () => Math.floor(VOCABULARY ** rng.next())),
        document: Uint32Array.from({ length: count }, (_, row) => Math.floor((first + row) / ROWS_A_DOCUMENT)),
        length: new Uint16Array(count).fill(rowLength),
      };
    }
  }
  const documents = Array.from({ length: Math.ceil(rows / ROWS_A_DOCUMENT) }, (_, i) => ({ key: `document-${i}`, split: sides[i % sides.length]! }));
  await writeRows(store, ROWS_KEY, { rowLength, bos: null, pieces: pieces(), documents: () => documents });
}

const residentMb = (): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;

/** Asks the system to forget what it has read; only root may. */
const forget = (): Promise<boolean> =>
  writeFile('/proc/sys/vm/drop_caches', '1').then(
    () => true,
    () => false,
  );

const store = createLocalArtifacts(folder);
const coder = await openCoderFile(store, 'by-latent.bin');
await writeTokens(coder);
const rows = await openRows(store, ROWS_KEY);
const rng = rngFor('bench', 'examples');
const chosen = Array.from({ length: LATENTS }, () => ({
  latent: rng.int(coder.width),
  neighbours: Array.from({ length: NEIGHBOURS }, () => rng.int(coder.width)),
}));

async function milliseconds(source: ExampleSource, protocol: Protocol): Promise<{ times: number[]; cpuMs: number; windows: number }> {
  const times: number[] = [];
  const cpuBegan = process.cpuUsage();
  let windows = 0;
  for (const { latent, neighbours } of chosen) {
    const began = performance.now();
    const { train, test, negatives } = await storeExamples(source, { latent, protocol, seed: 1, neighbours });
    times.push(performance.now() - began);
    windows += train.length + test.length + negatives.length;
  }
  const { user, system } = process.cpuUsage(cpuBegan);
  return { times: times.sort((a, b) => a - b), cpuMs: (user + system) / 1000 / chosen.length, windows: windows / chosen.length };
}

const out: Record<string, string | number>[] = [];
for (const protocol of Object.values(PROTOCOLS)) {
  const [before, began, cpuBegan] = [residentMb(), performance.now(), process.cpuUsage()];
  const source = await openExampleSource({ rows }, coder, protocol);
  // What all latents share is worked out for the first: one that is not among those measured.
  await storeExamples(source, { latent: 1, protocol, seed: 1, neighbours: [2, 3] });
  const { user, system } = process.cpuUsage(cpuBegan);
  out.push({
    measure: 'open for examples',
    protocol: protocol.name,
    seconds: round((performance.now() - began) / 1000),
    cpu_seconds: round((user + system) / 1e6),
    resident_mb: Math.round(residentMb() - before),
  });
  for (const state of [(await forget()) ? 'cold' : 'cold (not forgotten: needs root)', 'warm']) {
    const { times, cpuMs, windows } = await milliseconds(source, protocol);
    out.push({
      measure: 'examples of a latent',
      protocol: protocol.name,
      state,
      median_ms: round(median(times)),
      p99_ms: round(times[Math.floor(0.99 * times.length)]!),
      mean_cpu_ms: round(cpuMs),
      mean_windows: Math.round(windows),
    });
  }
}
await rows.close();
await coder.close();
process.stdout.write(JSON.stringify(out));
