/** A value of a run's configuration in words: `lexical, default`; `random 100`. What nests deeper stays JSON. */
export function settingText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every(isPlain)) return value.join(', ');
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.every(([, inner]) => isPlain(inner))) return entries.map(([name, inner]) => `${name} ${inner}`).join(', ');
  }
  return JSON.stringify(value);
}

const isPlain = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
