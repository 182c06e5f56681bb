import { freemem } from 'node:os';

const MB = 2 ** 20;
/** Half of one batch's size already keeps the cores busy; the rest of the memory belongs to weights and neighbours. */
const MOST_BYTES = 1024 * MB;
const LEAST_BYTES = 64 * MB;

/** Bytes that one batch's values may take: a quarter of the memory that is free now, within 64 MB and 1 GB. */
export function memoryBudget(): number {
  return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, freemem() / 4));
}
