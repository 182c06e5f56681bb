import { open, rename } from 'node:fs/promises';
import { elementCount } from './stored-tensor.ts';

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
  const entries: [string, unknown][] = metadata ? [['__metadata__', metadata]] : [];
  let position = 0;
  for (const [name, { shape, data }] of tensors) {
    if (elementCount(shape) !== data.length) throw new RangeError(`tensor ${name}: ${data.length} values do not fill [${shape.join(', ')}]`);
    entries.push([name, { dtype: dtypeOf(data), shape, data_offsets: [position, position + data.byteLength] }]);
    position += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Padded with spaces so that the data begins at a multiple of 8, as the reference writer does.
  const header = new Uint8Array(Math.ceil((8 + json.length) / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  const temporary = `${path}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(header);
    for (const { data } of tensors.values()) await handle.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

function dtypeOf(data: TensorToWrite['data']): string {
  return data instanceof Float32Array ? 'F32' : data instanceof Uint32Array ? 'U32' : 'I32';
}
