import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { rngFor } from '#lib/random/rng.ts';
import { openCheckpoint, type Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { openInstrumentedModel, type InstrumentedModel, type Tap } from '#gpu-worker/model/instrumented-model.ts';
import { GraphBuilder } from '#gpu-worker/model/onnx-graph.ts';
import { openSession } from '#gpu-worker/model/onnx.ts';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { ATTENTION_VARIANTS, attentionGraph, type AttentionSizes } from './attention-variants.ts';
import { decoderOperations, encodeOperations } from './count-operations.ts';
import { CODER, LENGTH, randomIds, ROWS, SIZES } from './collect-shape.ts';
import type { Print } from './print.ts';
import { interleaved, median, round } from './timing.ts';
import { writeRandomCoder, writeRandomLlama, writeRandomTensors, type LlamaSizes } from './random-llama.ts';

/** A checkpoint of about 500 MB. */
const LARGE: LlamaSizes = { hidden: 1024, layers: 7, heads: 16, kvHeads: 8, mlp: 4096, vocabulary: 24_576 };
const CEILING = 2048;
const ROUNDS = 7;

/**
 * Measures the model runtime: what share of the machine's own matrix product it reaches, what cutting the graph saves,
 * what a coder costs beside what it should, memory on opening, and ways to compute attention. Everything that is
 * compared is timed in turns, round by round, so that a busy neighbour slows both; medians over rounds.
 */
export async function benchRuntime(print: Print): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'atlas-bench-'));
  try {
    print({ bench: 'machine', cpu: cpus()[0]?.model ?? '', cores: cpus().length, load: Number((loadavg()[0] ?? 0).toFixed(2)) });
    await benchCollect(work, print);
    await benchAttention(print);
    await benchOpening(work, print);
  } finally {
    await rm(work, { recursive: true });
  }
}

async function benchCollect(work: string, print: Print): Promise<void> {
  const [modelDir, coderDir] = [join(work, 'model'), join(work, 'coder')];
  await writeRandomLlama(modelDir, SIZES);
  await writeRandomCoder(coderDir, SIZES.hidden, CODER.width, CODER.k);
  const [checkpoint, coder] = [await openCheckpoint(modelDir), await openSparseCoder(coderDir)];
  const open = (taps: Tap[]): Promise<InstrumentedModel> => openInstrumentedModel({ checkpoint, taps });
  const models = {
    collect: await open([{ hookpoint: CODER.hookpoint, coder }]),
    last: await open([{ hookpoint: 'layers.5' }]),
    middle: await open([{ hookpoint: 'layers.2' }]),
  };
  const ceiling = await openCeiling(work);
  const ids = randomIds(ROWS * LENGTH, SIZES.vocabulary);
  const seconds = await interleaved(
    {
      ceiling: ceiling.run,
      ...Object.fromEntries(Object.entries(models).map(([name, model]) => [name, () => model.run(ids, ROWS, LENGTH)])),
    },
    ROUNDS,
  );
  await ceiling.close();
  for (const model of Object.values(models)) await model.close();
  reportCollect(checkpoint, seconds, print);
}

function reportCollect({ spec }: Checkpoint, seconds: Record<string, number[]>, print: Print): void {
  const tokens = ROWS * LENGTH;
  const [lastOps, encodeOps] = [decoderOperations(spec, 5, LENGTH), encodeOperations(SIZES.hidden, CODER.width)];
  const time = (name: string): number => median(seconds[name] ?? []);
  const ratio = (a: string, b: string): number => median((seconds[a] ?? []).map((value, i) => value / (seconds[b]?.[i] ?? NaN)));
  const ceilingRate = (2 * CEILING ** 3) / time('ceiling') / 1e9;
  const rate = (tokens * (lastOps + encodeOps)) / time('collect') / 1e9;
  // Round by round, so that a disturbance hits both sides of each quotient.
  const fraction = median(
    (seconds['collect'] ?? []).map((value, i) => ((tokens * (lastOps + encodeOps)) / value / (2 * CEILING ** 3)) * (seconds['ceiling']?.[i] ?? NaN)),
  );
  print({ bench: 'ceiling', what: `MatMul ${CEILING}³`, gflops: round(ceilingRate) });
  print({
    bench: 'collect',
    tokensPerSecond: Math.round(tokens / time('collect')),
    mflopPerToken: round((lastOps + encodeOps) / 1e6),
    gflops: round(rate),
    fractionOfCeiling: round(fraction),
    target: 0.7,
  });
  print({
    bench: 'cut',
    what: 'time at layers.2 over time at layers.5',
    ratio: round(ratio('middle', 'last')),
    counted: round(decoderOperations(spec, 2, LENGTH) / lastOps),
    target: 0.55,
  });
  const [measured, counted] = [ratio('collect', 'last'), (lastOps + encodeOps) / lastOps];
  print({
    bench: 'coder',
    what: 'time with the coder over time without',
    ratio: round(measured),
    counted: round(counted),
    off: round(measured / counted - 1),
    target: 0.15,
  });
}

async function benchAttention(print: Print): Promise<void> {
  for (const [rows, length] of [
    [8, 256],
    [2, 1024],
  ] as const) {
    const sizes: AttentionSizes = { rows, length, heads: 8, kvHeads: 4, headDim: 64 };
    const rng = rngFor('bench', 'attention', length);
    const values = (heads: number) => ({
      data: Float32Array.from({ length: rows * length * heads * 64 }, () => rng.next() - 0.5),
      shape: [rows, length, heads * 64],
    });
    const qkv = { q: values(8), k: values(4), v: values(4) };
    const sessions = await Promise.all(ATTENTION_VARIANTS.map((variant) => openSession(attentionGraph(variant, sizes))));
    const runs = ATTENTION_VARIANTS.map((variant, i) => [variant.name, () => sessions[i]!.run({ ...qkv, ...variant.inputs(sizes) })] as const);
    const [reference] = await Promise.all(runs.map(async ([, run]) => (await run())['z']!.data as Float32Array));
    const seconds = await interleaved(Object.fromEntries(runs), 15);
    for (const [i, { name }] of ATTENTION_VARIANTS.entries()) {
      const found = (await runs[i]![1]())['z']!.data as Float32Array;
      const difference = found.reduce((most, value, j) => Math.max(most, Math.abs(value - reference![j]!)), 0);
      print({
        bench: 'attention',
        variant: name,
        rows,
        length,
        ms: round(1000 * median(seconds[name] ?? [])),
        differenceFromFirst: Number(difference.toExponential(1)),
      });
    }
    for (const session of sessions) await session.release();
  }
}

async function benchOpening(work: string, print: Print): Promise<void> {
  const [large, small] = [join(work, 'large'), join(work, 'small')];
  const bytes = await writeRandomLlama(large, LARGE);
  await writeRandomLlama(small, { ...SIZES, layers: 1 });
  const text = execFileSync(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'opening-memory.ts'), large, small], { encoding: 'utf8' });
  const { opened, afterRun, needed } = z.object({ opened: z.number(), afterRun: z.number(), needed: z.number() }).parse(JSON.parse(text));
  const mb = (n: number): number => Math.round(n / 1e6);
  print({
    bench: 'opening',
    checkpointMb: mb(bytes),
    neededMb: mb(needed),
    grownMb: mb(opened),
    beyondNeededMb: mb(opened - needed),
    beyondNeededAfterRunMb: mb(afterRun - needed),
    target: 150,
  });
}

/** The machine's own matrix product: two large matrices, the second a weight, as it is in a model. */
async function openCeiling(work: string): Promise<{ run: () => Promise<unknown>; close: () => Promise<void> }> {
  const file = join(work, 'ceiling.safetensors');
  await writeRandomTensors(file, [['w', [CEILING, CEILING]]], 1);
  const g = new GraphBuilder();
  const product = g.op('MatMul', [g.input('x', 'float', [CEILING, CEILING]), g.weight((await openSafetensors(file)).tensors.get('w')!)]);
  // One number leaves the graph, so that copying a result does not count.
  g.output('sum', g.op('ReduceSum', [product], { keepdims: 0 }), 'float', []);
  const session = await openSession(g.build());
  const x = { data: Float32Array.from({ length: CEILING ** 2 }, (_, i) => (i % 13) - 6), shape: [CEILING, CEILING] };
  return { run: () => session.run({ x }), close: () => session.release() };
}
