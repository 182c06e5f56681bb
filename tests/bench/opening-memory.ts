import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { layerMatrices } from '#gpu-worker/model/decoder-tensors.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';

// A process of its own, as memory once taken is not given back: opens the checkpoint in the folder named for `layers.0`
// and prints, in bytes, by how much the resident set has grown, before and after a run over one short row.
const resident = (): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;

const dir = process.argv[2];
if (dir === undefined) throw new Error('a folder is expected');
// A graph opened before, so that the runtime's own libraries do not count.
const small = await openInstrumentedModel({ checkpoint: await openCheckpoint(process.argv[3] ?? ''), taps: [{ hookpoint: 'layers.0' }] });
await delay(100);
const before = resident();
const checkpoint = await openCheckpoint(dir);
const model = await openInstrumentedModel({ checkpoint, taps: [{ hookpoint: 'layers.0' }] });
const opened = resident() - before;
await model.run(
  Int32Array.from({ length: 64 }, (_, i) => i),
  1,
  64,
);
const { spec, tensors } = checkpoint;
const needed = [spec.embedding.tokens, ...layerMatrices(spec.layers[0]!).map(({ weight }) => weight)].reduce((sum, name) => sum + tensors(name).length, 0);
process.stdout.write(JSON.stringify({ opened, afterRun: resident() - before, needed }));
await model.close();
await small.close();
