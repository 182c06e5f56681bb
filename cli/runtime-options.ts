import type { Device } from '#gpu-worker/model/onnx.ts';
import { deviceFor } from '#gpu-worker/model/providers.ts';
import type { Environment } from '#platform/environment/environment.ts';

/** Threads and device of the numeric runtime, as the environment says. Throws AppError 'unsupported' for a device that is not there. */
export function runtimeOptions({ threads, device }: Environment): { threads?: number; device: Device } {
  return { ...(threads === null ? {} : { threads }), device: deviceFor(device) };
}
