import { AppError } from '#lib/errors/app-error.ts';

/** The rows of a [count, width] row-major matrix. Throws AppError `upstream_failed` when `values` has another size. */
export function splitRows(values: Float32Array, count: number, width: number): Float32Array[] {
  if (values.length !== count * width)
    throw new AppError('upstream_failed', `The embedder answered ${count} texts of ${width} numbers with ${values.length} numbers.`);
  return Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width));
}
