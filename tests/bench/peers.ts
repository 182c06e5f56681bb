import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openCheckpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { CODER, LENGTH, randomIds, ROWS, SIZES } from './collect-shape.ts';
import { interleaved, median, round } from './timing.ts';
import { writeRandomCoder, writeRandomLlama } from './random-llama.ts';
import type { Print } from './print.ts';

const ROUNDS = 5;
const LAYER = 5;

/**
 * The same collection by PyTorch on the same cores, in turns with ours: a strong loop and delphi's way of doing it
 * (peer-loops.py says what each does). BENCH_PYTHON names a Python that has torch, transformers and safetensors.
 */
export async function benchPeers(print: Print): Promise<void> {
  const python = process.env['BENCH_PYTHON'];
  if (!python) throw new Error('Set BENCH_PYTHON to a Python that has torch, transformers and safetensors.');
  const work = await mkdtemp(join(tmpdir(), 'atlas-bench-'));
  try {
    const [modelDir, coderDir] = [join(work, 'model'), join(work, 'coder')];
    await writeRandomLlama(modelDir, SIZES);
    await writeRandomCoder(coderDir, SIZES.hidden, CODER.width, CODER.k);
    const peer = await startPeer(python, [modelDir, coderDir, ROWS, LENGTH, LAYER, availableParallelism()].map(String));
    const model = await openInstrumentedModel({
      checkpoint: await openCheckpoint(modelDir),
      taps: [{ hookpoint: CODER.hookpoint, coder: await openSparseCoder(coderDir) }],
    });
    const ids = randomIds(ROWS * LENGTH, SIZES.vocabulary);
    const seconds = await interleaved(
      { ours: () => model.run(ids, ROWS, LENGTH), strong: () => peer.run('strong'), packed: () => peer.run('packed'), dense: () => peer.run('dense') },
      ROUNDS,
    );
    await model.close();
    await peer.stop();
    const rate = (name: string) => Math.round((ROWS * LENGTH) / median(seconds[name] ?? []));
    const faster = (name: string) => round(median((seconds[name] ?? []).map((value, i) => value / (seconds['ours']?.[i] ?? NaN))));
    print({ bench: 'peers', who: 'ours', tokensPerSecond: rate('ours') });
    print({ bench: 'peers', who: 'PyTorch, strong loop', tokensPerSecond: rate('strong'), oursIsFasterBy: faster('strong'), target: 1.5 });
    print({ bench: 'peers', who: 'PyTorch, strong loop, encoder transposed beforehand', tokensPerSecond: rate('packed'), oursIsFasterBy: faster('packed') });
    print({ bench: 'peers', who: 'PyTorch, delphi’s way', tokensPerSecond: rate('dense'), oursIsFasterBy: faster('dense'), target: 3 });
  } finally {
    await rm(work, { recursive: true });
  }
}

async function startPeer(python: string, args: string[]): Promise<{ run: (name: string) => Promise<unknown>; stop: () => Promise<void> }> {
  const child = spawn(python, [join(import.meta.dirname, 'peer-loops.py'), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('The PyTorch side ended; its own words are above.');
    return value;
  };
  if ((await next()) !== 'ready') throw new Error('The PyTorch side did not start.');
  return {
    async run(name) {
      child.stdin.write(`${name}\n`);
      await next();
    },
    async stop() {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}
