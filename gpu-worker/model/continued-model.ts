import { AppError } from '#lib/errors/app-error.ts';
import type { Checkpoint } from './checkpoint.ts';
import { writeDecoder } from './decoder-graph.ts';
import { INPUT, rowInputs } from './decoder-inputs.ts';
import { resolveHookpoint } from './hookpoints.ts';
import { openSession, type Device } from './onnx.ts';
import { GraphBuilder } from './onnx-graph.ts';

/** A model that goes on from hidden states given at a hookpoint. */
export interface ContinuedModel {
  /**
   * Next-token losses, in nats, −log p(target), when the hookpoint holds `hidden`. `ids` and `targets` [rows, length], `hidden`
   * [rows · length, width]; result [rows · length]. A target is any token of the vocabulary, also where nobody asks for it.
   */
  losses(ids: Int32Array, hidden: Float32Array, targets: Int32Array, rows: number, length: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a checkpoint from a hookpoint on: the hidden state there is an input in place of what the model computes, and what
 * led to it alone is not computed. Throws AppError 'bad_request' for an unknown hookpoint.
 */
export async function openContinuedModel(o: { checkpoint: Checkpoint; hookpoint: string; threads?: number; device?: Device }): Promise<ContinuedModel> {
  const { checkpoint } = o;
  const { spec, vocabSize } = checkpoint;
  const { name, width } = resolveHookpoint(spec, o.hookpoint);
  const g = new GraphBuilder();
  const given = g.input('hidden', 'float', ['tokens', width]);
  const decoder = writeDecoder(g, spec, checkpoint.tensors, { change: (hookpoint, value) => (hookpoint === name ? given : value) });
  const logits = decoder.logits(decoder.hookpoints.get(`layers.${spec.nLayers - 1}`)!);
  const targets = g.op('Unsqueeze', [g.input('targets', 'int64', ['tokens']), g.int64([1])]);
  // Only one number a token leaves the graph, not the vocabulary's.
  const loss = g.op('Sub', [g.op('ReduceLogSumExp', [logits, g.int64([1])]), g.op('GatherElements', [logits, targets], { axis: 1 })]);
  g.output('loss', g.op('Squeeze', [loss, g.int64([1])]), 'float', ['tokens']);
  const session = await openSession(g.build(), { threads: o.threads, device: o.device });
  return {
    async losses(ids, hidden, wanted, rows, length) {
      const tokens = rows * length;
      if (ids.length !== tokens || wanted.length !== tokens || hidden.length !== tokens * width)
        throw new AppError('bad_request', `Give ids, targets and vectors of ${width} for ${rows} rows of ${length}.`);
      if (wanted.some((id) => id < 0 || id >= vocabSize)) throw new AppError('bad_request', `A target lies outside the model's vocabulary of ${vocabSize}.`);
      const outputs = await session.run({
        ...rowInputs(spec, session.inputNames, rows, length),
        [INPUT.ids]: { data: ids, shape: [rows, length] },
        hidden: { data: hidden, shape: [tokens, width] },
        targets: { data: BigInt64Array.from(wanted, BigInt), shape: [tokens] },
      });
      const losses = outputs['loss']?.data;
      if (!(losses instanceof Float32Array)) throw new AppError('internal', 'The graph gave no losses.');
      if (losses.some((value) => !Number.isFinite(value)))
        throw new AppError('corrupt_file', `${checkpoint.name} gives losses that are not finite numbers: its weights are damaged.`);
      return losses;
    },
    close: () => session.release(),
  };
}
