import { AppError } from '#lib/errors/app-error.ts';
import type { Checkpoint } from '#gpu-worker/model/checkpoint.ts';
import { resolveHookpoint } from '#gpu-worker/model/hookpoints.ts';

/**
 * Throws AppError 'bad_request' for a hookpoint that the model does not have and 'shape_mismatch' for a coder that reads
 * vectors of another width (`dIn`) than it has there.
 */
export function checkFit(checkpoint: Checkpoint, hookpoint: string, dIn: number): void {
  const { width } = resolveHookpoint(checkpoint.spec, hookpoint);
  if (width === dIn) return;
  throw new AppError('shape_mismatch', `The coder reads vectors of width ${dIn}, but ${hookpoint} of ${checkpoint.name} has width ${width}.`, {
    field: 'coder',
  });
}
