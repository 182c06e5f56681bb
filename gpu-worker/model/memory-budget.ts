import { execFileSync } from 'node:child_process';
import { freemem } from 'node:os';
import type { Device } from './onnx.ts';

const MB = 2 ** 20;
/** Half of this already keeps the cores busy; the rest of the memory belongs to weights and neighbours. */
const MOST_BYTES = 1024 * MB;
const LEAST_BYTES = 64 * MB;
const NVIDIA_SMI_MS = 5000;

/**
 * Bytes that one batch's values may take on a device: a quarter of the memory that is free now, on the CPU within 64 MB
 * and 1 GB. Of a GPU that does not tell, 1 GB; a batch that proves too large is halved.
 */
export function memoryBudget(device: Device = 'cpu'): number {
  if (device === 'cpu') return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, freemem() / 4));
  const free = device === 'cuda' ? (nvidiaGpus()[0]?.freeBytes ?? null) : null;
  return free === null ? MOST_BYTES : Math.max(LEAST_BYTES, free / 4);
}

export interface Gpu {
  name: string;
  totalBytes: number;
  freeBytes: number;
}

/** The NVIDIA GPUs that the driver's own tool lists; none where it is missing or fails. */
export function nvidiaGpus(): Gpu[] {
  let text: string;
  try {
    text = execFileSync('nvidia-smi', ['--query-gpu=name,memory.total,memory.free', '--format=csv,noheader,nounits'], {
      encoding: 'utf8',
      timeout: NVIDIA_SMI_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return [];
  }
  return parseGpus(text);
}

/** Reads lines “name, total MiB, free MiB”. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(.+), (\d+), (\d+)\s*$/.exec(line);
    return match ? [{ name: match[1]!, totalBytes: Number(match[2]) * MB, freeBytes: Number(match[3]) * MB }] : [];
  });
}
