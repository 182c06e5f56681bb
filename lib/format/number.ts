/** `8192` → `8,192`. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: 0 });
}

/** A score or an interval's end, with two decimals unless told: `0.87`. */
export function formatScore(value: number, digits = 2): string {
  return value.toFixed(digits);
}

/** An activation with two or three significant figures: `9.4`, `0.35`, `128`. Zero is `0`. */
export function formatActivation(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 1) return value.toFixed(1);
  if (size >= 0.01) return value.toFixed(2);
  return value.toExponential(0);
}

/** An effect with its sign and two decimals: `+2.10`, `−0.80`, with a true minus. */
export function formatSigned(value: number): string {
  const digits = Math.abs(value).toFixed(2);
  if (Number(digits) === 0) return digits;
  return `${value < 0 ? '−' : '+'}${digits}`;
}

/** A share as a percentage with two significant figures: `0.0021` → `0.21 %`, `0.5` → `50 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.001) return '< 0.001 %';
  if (percent >= 10) return `${percent.toFixed(0)} %`;
  const decimals = Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(percent))));
  return `${percent.toFixed(decimals)} %`;
}

/** `4012544` → `4.0M`, `135000000` → `135M`; below ten thousand in full. */
export function formatCompact(value: number): string {
  if (value < 10_000) return formatCount(value);
  const [size, unit] = value >= 1e9 ? [value / 1e9, 'B'] : value >= 1e6 ? [value / 1e6, 'M'] : [value / 1e3, 'k'];
  return `${size >= 100 ? size.toFixed(0) : size.toFixed(1)}${unit}`;
}

/** `plural(1, 'latent')` → `1 latent`, `plural(2, 'latent')` → `2 latents`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : nouns}`;
}
