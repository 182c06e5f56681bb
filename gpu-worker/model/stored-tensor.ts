/** Bytes an element takes, by the dtype names of safetensors. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;
export type Dtype = keyof typeof DTYPE_BYTES;

/** A tensor where it lies on disk: nothing is read until somebody asks for it. */
export interface StoredTensor {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  /** The file's real absolute path (no symbolic link in it). */
  file: string;
  /** First byte in the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
