/** Seconds of each work, measured in turns, so that a busy neighbour slows all; each runs once before to warm up. */
export async function interleaved(works: Readonly<Record<string, () => Promise<unknown>>>, rounds: number): Promise<Record<string, number[]>> {
  const seconds: Record<string, number[]> = {};
  for (const work of Object.values(works)) await work();
  for (let turn = 0; turn < rounds; turn++) {
    for (const [name, work] of Object.entries(works)) {
      const began = performance.now();
      await work();
      (seconds[name] ??= []).push((performance.now() - began) / 1000);
    }
  }
  return seconds;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** To three digits. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
