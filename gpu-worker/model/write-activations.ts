import { batchSize, inBatches, tokenBytes } from './batches.ts';
import type { Checkpoint } from './checkpoint.ts';
import { resolveHookpoint } from './hookpoints.ts';
import { openInstrumentedModel } from './instrumented-model.ts';
import { memoryBudget } from './memory-budget.ts';
import type { Device } from './onnx.ts';
import { SafetensorsSink } from './safetensors-sink.ts';
import type { TokenRows } from './token-rows.ts';

export interface WriteActivationsOptions {
  checkpoint: Checkpoint;
  tokens: TokenRows;
  /** Names of hookpoints, and `logits`. */
  hookpoints: readonly string[];
  /** Path of the result. */
  out: string;
  metadata: Readonly<Record<string, string>>;
  threads?: number;
  device?: Device;
  /** Hears of a batch that had to be made smaller. */
  say(sentence: string): void;
}

/**
 * Writes hidden states: one f32 tensor [rows, length, width] a hookpoint under the name it was asked by, in batches of
 * bounded memory. Throws what `openInstrumentedModel` throws.
 */
export async function writeActivations({ checkpoint, tokens, hookpoints, out, metadata, threads, device, say }: WriteActivationsOptions): Promise<void> {
  const names = [...new Set(hookpoints)];
  const widths = names.map((name) => (name === 'logits' ? checkpoint.vocabSize : resolveHookpoint(checkpoint.spec, name).width));
  const { ids, rows, length } = tokens;
  const bytes = tokenBytes(
    checkpoint.spec,
    length,
    widths.map((width) => ({ width })),
  );
  const model = await openInstrumentedModel({ checkpoint, taps: names.map((hookpoint) => ({ hookpoint })), threads, device });
  try {
    const sink = await SafetensorsSink.open(
      out,
      names.map((name) => ({ name, dtype: 'F32' })),
    );
    try {
      await inBatches(
        rows,
        batchSize(bytes * length, length, memoryBudget(device)),
        async (first, count) => {
          const results = await model.run(ids.subarray(first * length, (first + count) * length), count, length);
          for (const [i, { hidden }] of results.entries()) await sink.append(i, hidden!);
        },
        (size) => say(`Out of memory: going on with ${size} rows at a time.`),
      );
      await sink.finish(
        widths.map((width) => [rows, length, width]),
        metadata,
      );
    } catch (error) {
      await sink.abandon();
      throw error;
    }
  } finally {
    await model.close();
  }
}
