import type { RunEstimate } from '#lib/llm/estimate.ts';

const DURATIONS: readonly [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
];

/** An estimate as lines for a terminal. */
export function estimateLines({ model, latents, total, byPurpose, seconds, basis, warning }: RunEstimate): string[] {
  const rows = [...byPurpose, { purpose: 'in all', ...total }].map(({ purpose, calls, tokensIn, tokensCached, tokensOut, usd }) => [
    purpose,
    ...[calls, tokensIn, tokensCached, tokensOut].map((count) => count.toLocaleString('en')),
    usd === null ? 'unknown' : `$${usd < 1 ? usd.toFixed(4) : usd.toFixed(2)}`,
  ]);
  const table = [['', 'calls', 'tokens in', 'cached', 'tokens out', 'money'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return [
    `${model ?? 'No language model'}: about ${latents.toLocaleString('en')} latents${seconds === null ? '' : `, ${durationText(seconds)} of calls`}`,
    ...table.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')),
    ...basis,
    ...(warning === null ? [] : [warning]),
  ];
}

function durationText(seconds: number): string {
  for (const [size, unit] of DURATIONS) if (seconds >= size) return `${(seconds / size).toFixed(1)} ${unit}`;
  return `${Math.round(seconds)} s`;
}
