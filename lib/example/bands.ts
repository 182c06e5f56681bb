import type { Example } from './schema.ts';

/** Examples of one tenth of a latent's firing windows, strongest first. */
export interface ExampleBand {
  /** 0 is the strongest tenth. */
  quantile: number;
  highest: number;
  lowest: number;
  examples: Example[];
}

/** Activating examples by tenths, the strongest tenth first; tenths without examples are left out, as are negatives. */
export function exampleBands(examples: readonly Example[]): ExampleBand[] {
  const byQuantile = new Map<number, Example[]>();
  for (const example of examples) {
    if (example.kind !== 'activating' || example.quantile === null) continue;
    const own = byQuantile.get(example.quantile);
    if (own === undefined) byQuantile.set(example.quantile, [example]);
    else own.push(example);
  }
  return [...byQuantile]
    .sort(([a], [b]) => a - b)
    .map(([quantile, own]) => {
      const sorted = own.sort((a, b) => b.maxActivation - a.maxActivation);
      return { quantile, examples: sorted, highest: sorted[0]?.maxActivation ?? 0, lowest: sorted.at(-1)?.maxActivation ?? 0 };
    });
}

const ORDINALS = ['strongest', '2nd', '3rd', '4th', '5th', '6th', '7th', '8th', '9th', 'weakest'];

/** `strongest tenth`, `2nd tenth` … `weakest tenth`. */
export function bandName(quantile: number): string {
  return `${ORDINALS[quantile] ?? `${quantile + 1}th`} tenth`;
}
