import { open, rename } from 'node:fs/promises';
import { elementCount, type Dtype } from './stored-tensor.ts';

export interface TensorToWrite {
  shape: readonly number[];
  /** Row-major; its kind gives the dtype. */
  data: Float32Array | Uint32Array | Int32Array;
}

/**
 * Writes tensors in the order given, atomically (a temporary name, then a rename). Throws when a tensor's data does not
 * fill its shape.
 */
export async function writeSafetensors(path: string, tensors: ReadonlyMap<string, TensorToWrite>, metadata?: Readonly<Record<string, string>>): Promise<void> {
  const entries = [...tensors].map(([name, { shape, data }]) => {
    if (elementCount(shape) !== data.length) throw new RangeError(`tensor ${name}: ${data.length} values do not fill [${shape.join(', ')}]`);
    return { name, dtype: dtypeOf(data), shape, bytes: data.byteLength };
  });
  const temporary = `${path}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(safetensorsHeader(entries, metadata));
    for (const { data } of tensors.values()) await handle.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** The beginning of a safetensors file whose tensors follow in the order given, without gaps. */
export function safetensorsHeader(
  tensors: readonly { name: string; dtype: Dtype; shape: readonly number[]; bytes: number }[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  let position = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [position, position + bytes] }]);
    position += bytes;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Padded with spaces so that the data begins at a multiple of 8, as the reference writer does.
  const header = new Uint8Array(Math.ceil((8 + json.length) / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return header;
}

function dtypeOf(data: TensorToWrite['data']): Dtype {
  return data instanceof Float32Array ? 'F32' : data instanceof Uint32Array ? 'U32' : 'I32';
}
