import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openSafetensors } from '#gpu-worker/model/safetensors.ts';
import { openDecoder } from '#gpu-worker/sparse-coder/decode.ts';
import { openEncoder } from '#gpu-worker/sparse-coder/encoder.ts';
import { openSparseCoder } from '#gpu-worker/sparse-coder/open-coder.ts';
import { GOLDEN, goldenFolders, readJson, readTensors, readUint32, relativeDifference } from './golden.ts';

const goldenSchema = z.object({
  coder_path: z.string(),
  width: z.number(),
  d_in: z.number(),
  d_out: z.number(),
  k: z.number().nullable(),
  tolerance: z.number(),
  hookpoint_normalised: z.string().nullable(),
  hookpoint_out_normalised: z.string().nullable(),
  transcoder: z.boolean(),
});

const folders = await goldenFolders('coders');

describe.each(folders)('%s', (name) => {
  test('its latents and reconstructions agree with the reference library', async () => {
    const golden = await readJson(goldenSchema, 'coders', name, 'golden.json');
    const coder = await openSparseCoder(join(GOLDEN, 'coders', name, golden.coder_path));
    expect(coder).toMatchObject({ width: golden.width, dIn: golden.d_in, dOut: golden.d_out, k: golden.k });
    const inputHookpoint = golden.hookpoint_normalised;
    const outputHookpoint = golden.transcoder ? golden.hookpoint_out_normalised : inputHookpoint;
    expect(coder.inputHookpoints).toEqual(inputHookpoint === null ? [] : [inputHookpoint]);
    expect(coder.outputHookpoints).toEqual(outputHookpoint === null ? [] : [outputHookpoint]);

    const input = (await readTensors('coders', name, 'input.safetensors')).get('hidden')!;
    const encoder = await openEncoder(coder, { threads: 1 });
    const latents = await encoder.encode(input.data);
    await encoder.close();
    const [, length] = input.shape as [number, number, number];
    const active = activeList(latents, length);

    const { tensors } = await openSafetensors(join(GOLDEN, 'coders', name, 'expected.safetensors'));
    const integers = async (key: string): Promise<number[]> => [...(await readUint32(tensors.get(key)!))];
    expect(active.map((a) => a.row)).toEqual(await integers('row'));
    expect(active.map((a) => a.position)).toEqual(await integers('position'));
    expect(active.map((a) => a.latent)).toEqual(await integers('latent'));
    const expected = await readTensors('coders', name, 'expected.safetensors');
    const values = Float32Array.from(active, (a) => a.value);
    expect(relativeDifference(values, expected.get('value')!.data)).toBeLessThanOrEqual(golden.tolerance);
    const decode = await openDecoder(coder);
    expect(relativeDifference(decode(latents, input.data), expected.get('decoded')!.data)).toBeLessThanOrEqual(golden.tolerance);
  });
});

function activeList(
  { indices, values, k }: { indices: Int32Array; values: Float32Array; k: number },
  length: number,
): { row: number; position: number; latent: number; value: number }[] {
  const out: { row: number; position: number; latent: number; value: number }[] = [];
  values.forEach((value, i) => {
    if (value <= 0) return;
    const token = Math.floor(i / k);
    out.push({ row: Math.floor(token / length), position: token % length, latent: indices[i]!, value });
  });
  return out.sort((a, b) => a.row - b.row || a.position - b.position || a.latent - b.latent);
}
