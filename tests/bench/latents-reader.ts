import { readFileSync } from 'node:fs';
import { coOccurrence } from '#gpu-worker/activations/neighbours/co-occurrence.ts';
import { NEIGHBOURS } from '#gpu-worker/activations/neighbours/neighbours-file.ts';
import { writeStatistics } from '#gpu-worker/activations/statistics/statistics-file.ts';
import { openCoderFile } from '#gpu-worker/activations/store/coder-file.ts';
import { createLocalArtifacts } from '#platform/artifacts/local.ts';

// A process of its own for each work, as memory once taken is not given back: does it over the coder's file in the folder named.
const [dir, work] = process.argv.slice(2) as [string, string];
const artifacts = createLocalArtifacts(dir);
const coder = await openCoderFile(artifacts, 'by-latent.bin');
const began = performance.now();
const cpuBegan = process.cpuUsage();
let rows = coder.rows;
if (work === 'co-occurrence') rows = (await coOccurrence(coder, NEIGHBOURS)).rows;
else await writeStatistics(artifacts, 'statistics.bin', null, coder);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpuBegan);
const peakMb = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
process.stdout.write(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, peakMb, pairs: coder.pairs, rows, allRows: coder.rows }));
await coder.close();
