import { AppError } from '#lib/errors/app-error.ts';
import { GraphBuilder } from '#gpu-worker/model/onnx-graph.ts';
import { openSession, type Device } from '#gpu-worker/model/onnx.ts';
import type { SparseCoder } from './coder.ts';
import { readLatents, writeEncoder } from './encode-graph.ts';
import type { Latents } from './latents.ts';

/** A sparse coder on its own, for hidden states that lie at hand. */
export interface Encoder {
  /** `hidden` [tokens, dIn], row-major. Throws AppError 'shape_mismatch' when it does not divide into vectors of dIn. */
  encode(hidden: Float32Array): Promise<Latents>;
  close(): Promise<void>;
}

/** Opens the coder's encoder without a model. */
export async function openEncoder(coder: SparseCoder, options: { threads?: number; device?: Device } = {}): Promise<Encoder> {
  const g = new GraphBuilder();
  writeEncoder(g, coder, g.input('hidden', 'float', ['tokens', coder.dIn]), 'latents');
  const session = await openSession(g.build(), options);
  return {
    encode: async (hidden) => {
      if (hidden.length % coder.dIn !== 0)
        throw new AppError('shape_mismatch', `${hidden.length} values do not divide into vectors of ${coder.dIn}, the width that ${coder.dir} reads.`);
      const tokens = hidden.length / coder.dIn;
      return readLatents(await session.run({ hidden: { data: hidden, shape: [tokens, coder.dIn] } }), 'latents', tokens, coder);
    },
    close: () => session.release(),
  };
}
