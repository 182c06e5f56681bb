import { AppError } from '#lib/errors/app-error.ts';
import { clusterRatio, type ClusterRatio } from '#lib/stats/cluster-ratio.ts';
import type { ExplainedVariance } from '#lib/stats/explained-variance.ts';
import { ReconstructionSums } from '#lib/stats/reconstruction-sums.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { StoredRows } from '#gpu-worker/activations/store/types.ts';
import { batchSize, inBatches, tokenBytes } from '#gpu-worker/model/batches.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { openContinuedModel, type ContinuedModel } from '#gpu-worker/model/continued-model.ts';
import { resolveHookpoint } from '#gpu-worker/model/hookpoints.ts';
import { openInstrumentedModel, type InstrumentedModel } from '#gpu-worker/model/instrumented-model.ts';
import { memoryBudget } from '#gpu-worker/model/memory-budget.ts';
import type { Device } from '#gpu-worker/model/onnx.ts';
import type { SparseCoder } from '#gpu-worker/sparse-coder/coder.ts';
import { openDecoder, type Decode } from '#gpu-worker/sparse-coder/decode.ts';
import type { Latents } from '#gpu-worker/sparse-coder/latents.ts';

/** What the hookpoint holds when the loss is taken: what the model computes, the coder's reconstruction of it, nothing. */
const STATES = ['original', 'spliced', 'ablated'] as const;
type State = (typeof STATES)[number];

export interface ReconstructionRequest {
  checkpoint: Checkpoint;
  coder: SparseCoder;
  /** Where it reads, and where its reconstruction belongs. */
  readAt: string;
  writeAt: string;
  rows: StoredRows;
  /** Rows to look at, drawn by the seed. */
  sample: number;
  seed: number;
  threads?: number | undefined;
  device?: Device;
  say(sentence: string): void;
  /** Called between batches with how many rows are done: lets others work, and may throw to stop. */
  breathe?: (done: number) => Promise<void>;
}

/** How well a coder reconstructs, over a sample of a store's rows. */
export interface Reconstruction {
  rows: number;
  /** Tokens reconstructed: those whose activations are stored. */
  tokens: number;
  documents: number;
  /** Of the hidden states by their reconstructions. */
  variance: ExplainedVariance;
  /** Active latents a token. */
  l0: number;
  loss: {
    /** Predictions that were compared: from a reconstructed token to the token after it. */
    predictions: number;
    /** Mean next-token loss in nats in each state. */
    original: number;
    spliced: number;
    ablated: number;
    /** `spliced` − `original`, with a 95 % interval over documents. */
    increase: ClusterRatio;
    /** 1 − increase / (ablated − original): 1 for a perfect reconstruction, 0 for one no better than nothing; null where ablation does no harm. */
    recovered: number | null;
  };
}

/**
 * Runs rows through model and coder, puts the reconstruction in the hidden state's place, and compares: variance and
 * next-token loss, beside zeros in its place. Positions that the store masks (BOS) keep what the model computes, as coders
 * are not made for them; padding is not looked at. Throws AppError 'bad_request' when nothing can be predicted.
 */
export async function measureReconstruction(request: ReconstructionRequest): Promise<Reconstruction> {
  const { checkpoint, coder, rows, threads, device } = request;
  const { rowLength } = rows;
  const { width } = resolveHookpoint(checkpoint.spec, request.writeAt);
  if (coder.dOut !== width)
    throw new AppError('shape_mismatch', `The sparse coder ${coder.dir} writes vectors of ${coder.dOut}, but ${request.writeAt} has ${width}.`);
  const chosen = sampleIndices(rngFor(request.seed, 'reconstruction'), rows.rows, request.sample).sort((a, b) => a - b);
  const taps = [{ hookpoint: request.readAt, coder }, { hookpoint: request.readAt }, { hookpoint: request.writeAt }];
  const model = await openInstrumentedModel({ checkpoint, taps, threads, device });
  const measure = createMeasure(request, width);
  try {
    const continued = await openContinuedModel({ checkpoint, hookpoint: request.writeAt, threads, device });
    try {
      const decode = await openDecoder(coder);
      const readings = [{ width: coder.dIn, coder }, { width }, { width: 2 * checkpoint.vocabSize }];
      const size = batchSize(rowLength * tokenBytes(checkpoint.spec, rowLength, readings), rowLength, memoryBudget(device));
      const work = async (first: number, count: number): Promise<void> => {
        await measure.take(chosen.slice(first, first + count), { model, continued, decode });
        await request.breathe?.(first + count);
      };
      await inBatches(chosen.length, size, work, (rowsNow) => request.say(`Out of memory: going on with ${rowsNow} rows at a time.`));
    } finally {
      await continued.close();
    }
  } finally {
    await model.close();
  }
  return measure.result();
}

interface Machinery {
  model: InstrumentedModel;
  continued: ContinuedModel;
  decode: Decode;
}

/** Takes batches of rows and adds up; a batch counts when all of it is done. */
function createMeasure(
  { rows }: ReconstructionRequest,
  width: number,
): { take(batch: readonly number[], o: Machinery): Promise<void>; result(): Reconstruction } {
  const { rowLength, bos } = rows;
  const variance = new ReconstructionSums(width);
  const losses: Record<State, Map<number, number>> = { original: new Map(), spliced: new Map(), ablated: new Map() };
  const predictions = new Map<number, number>();
  const documents = new Set<number>();
  let [rowsDone, tokens, active] = [0, 0, 0];
  const add = (to: Map<number, number>, document: number, amount: number): void => void to.set(document, (to.get(document) ?? 0) + amount);

  return {
    async take(batch, { model, continued, decode }) {
      const ids = new Int32Array(batch.length * rowLength);
      for (const [i, row] of batch.entries()) ids.set(await rows.tokens(row, 1), i * rowLength);
      const [latents, input, output] = await model.run(ids, batch.length, rowLength);
      const original = output!.hidden!;
      const reconstruction = decode(latents as Latents, input!.hidden!);
      const isStored = (at: number): boolean => at % rowLength < rows.length[batch[Math.floor(at / rowLength)]!]! && ids[at] !== bos;
      const states: Record<State, Float32Array> = { original, spliced: original.slice(), ablated: original.slice() };
      const targets = new Int32Array(ids.length);
      const predicted: number[] = [];
      const stored: number[] = [];
      for (let at = 0; at < ids.length; at++) {
        if (!isStored(at)) continue;
        stored.push(at);
        states.spliced.set(reconstruction.subarray(at * width, (at + 1) * width), at * width);
        states.ablated.fill(0, at * width, (at + 1) * width);
        if ((at % rowLength) + 1 >= rows.length[batch[Math.floor(at / rowLength)]!]!) continue;
        targets[at] = ids[at + 1]!;
        predicted.push(at);
      }
      const found = new Map<State, Float32Array>();
      for (const state of STATES) found.set(state, await continued.losses(ids, states[state], targets, batch.length, rowLength));

      const { values, k } = latents as Latents;
      for (const at of stored) {
        variance.add(original.subarray(at * width, (at + 1) * width), reconstruction.subarray(at * width, (at + 1) * width));
        for (let i = at * k; i < (at + 1) * k; i++) if (values[i]! > 0) active++;
      }
      for (const at of predicted) {
        const document = rows.document[batch[Math.floor(at / rowLength)]!]!;
        add(predictions, document, 1);
        for (const state of STATES) add(losses[state], document, found.get(state)![at]!);
      }
      for (const row of batch) documents.add(rows.document[row]!);
      rowsDone += batch.length;
      tokens += stored.length;
    },

    result() {
      const reconstructed = variance.result();
      const clusters = [...predictions.keys()];
      const counts = clusters.map((document) => predictions.get(document)!);
      const total = (of: Map<number, number>): number => clusters.reduce((sum, document) => sum + of.get(document)!, 0);
      const n = counts.reduce((sum, count) => sum + count, 0);
      const increase = clusterRatio(
        clusters.map((document) => losses.spliced.get(document)! - losses.original.get(document)!),
        counts,
      );
      if (reconstructed === null || increase === null)
        throw new AppError('bad_request', 'The rows hold no token with another after it: there is nothing to predict. Give longer rows.', { field: 'store' });
      const [original, spliced, ablated] = STATES.map((state) => total(losses[state]) / n) as [number, number, number];
      const harm = ablated - original;
      return {
        rows: rowsDone,
        tokens,
        documents: documents.size,
        variance: reconstructed,
        l0: active / tokens,
        loss: { predictions: n, original, spliced, ablated, increase, recovered: harm > 0 ? 1 - increase.estimate / harm : null },
      };
    },
  };
}
