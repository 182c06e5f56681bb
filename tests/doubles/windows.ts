import type { Example } from '#lib/example/schema.ts';

/**
 * A window from words, the firing ones in braces: `window('the {tax} on tea', { value: 4 })`. Each word is a token with
 * its space; `{tax|3}` fires with 3.
 */
export function window(text: string, overrides: Partial<Example> & { value?: number } = {}): Example {
  const { value = 1, ...rest } = overrides;
  const tokens: string[] = [];
  const activations: number[] = [];
  for (const word of text.split(' ')) {
    const firing = /^\{(.*?)(?:\|([\d.]+))?\}$/.exec(word);
    tokens.push(`${tokens.length === 0 ? '' : ' '}${firing ? firing[1] : word}`);
    activations.push(firing ? Number(firing[2] ?? value) : 0);
  }
  const maxActivation = Math.max(0, ...activations);
  return {
    row: 0,
    start: 0,
    split: 'train',
    kind: maxActivation > 0 ? 'activating' : 'random',
    quantile: maxActivation > 0 ? 0 : null,
    document: 'doc-1',
    tokens,
    activations,
    maxActivation,
    maxIndex: maxActivation > 0 ? activations.indexOf(maxActivation) : null,
    ...rest,
  };
}
