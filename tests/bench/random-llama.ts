import { open, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rngFor } from '#lib/random/rng.ts';
import { safetensorsHeader } from '#gpu-worker/model/safetensors-writer.ts';
import { elementCount } from '#gpu-worker/model/stored-tensor.ts';

export interface LlamaSizes {
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  mlp: number;
  vocabulary: number;
}

const BLOCK = 1 << 18;

/** Writes a Llama checkpoint of random weights in F32 (a block of 1 MB, repeated: as good as any for timing). Returns its size in bytes. */
export async function writeRandomLlama(dir: string, { hidden, layers, heads, kvHeads, mlp, vocabulary }: LlamaSizes): Promise<number> {
  await mkdir(dir, { recursive: true });
  const config = {
    model_type: 'llama',
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: mlp,
    vocab_size: vocabulary,
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  };
  await writeFile(join(dir, 'config.json'), JSON.stringify(config));
  const kv = (hidden / heads) * kvHeads;
  const shapes: [string, number[]][] = [['model.embed_tokens.weight', [vocabulary, hidden]]];
  for (let n = 0; n < layers; n++) {
    const at = `model.layers.${n}`;
    shapes.push([`${at}.input_layernorm.weight`, [hidden]], [`${at}.post_attention_layernorm.weight`, [hidden]]);
    for (const [name, out, inputs] of [
      ['self_attn.q_proj', hidden, hidden],
      ['self_attn.k_proj', kv, hidden],
      ['self_attn.v_proj', kv, hidden],
      ['self_attn.o_proj', hidden, hidden],
      ['mlp.gate_proj', mlp, hidden],
      ['mlp.up_proj', mlp, hidden],
      ['mlp.down_proj', hidden, mlp],
    ] as const) {
      shapes.push([`${at}.${name}.weight`, [out, inputs]]);
    }
  }
  shapes.push(['model.norm.weight', [hidden]]);
  return writeRandomTensors(join(dir, 'model.safetensors'), shapes, 1 / Math.sqrt(hidden));
}

/** Writes a random sparsify TopK coder. */
export async function writeRandomCoder(dir: string, dIn: number, width: number, k: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'cfg.json'), JSON.stringify({ activation: 'topk', d_in: dIn, num_latents: width, k }));
  await writeRandomTensors(
    join(dir, 'sae.safetensors'),
    [
      ['encoder.weight', [width, dIn]],
      ['encoder.bias', [width]],
      ['W_dec', [width, dIn]],
      ['b_dec', [dIn]],
    ],
    1 / Math.sqrt(dIn),
  );
}

/** Writes random tensors of a scale. Returns the file's size. */
export async function writeRandomTensors(path: string, shapes: readonly (readonly [string, readonly number[]])[], scale: number): Promise<number> {
  const rng = rngFor('bench', path.split('/').at(-1) ?? '');
  // Norm weights come out of the same block: random signs do no harm to timing.
  const block = Float32Array.from({ length: BLOCK }, () => (rng.next() - 0.5) * 3.46 * scale);
  const header = safetensorsHeader(shapes.map(([name, shape]) => ({ name, dtype: 'F32', shape, bytes: 4 * elementCount(shape) })));
  const handle = await open(path, 'w');
  let left = shapes.reduce((sum, [, shape]) => sum + elementCount(shape), 0);
  const size = header.byteLength + 4 * left;
  await handle.writeFile(header);
  for (; left > 0; left -= BLOCK) await handle.writeFile(new Uint8Array(block.buffer, 0, 4 * Math.min(BLOCK, left)));
  await handle.close();
  return size;
}
