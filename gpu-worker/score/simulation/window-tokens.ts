import { normalised } from '#lib/example/normalise.ts';
import type { Protocol } from '#lib/example/protocol.ts';
import type { Example } from '#lib/example/schema.ts';
import { joinTokens } from '#lib/token/join.ts';
import { oneLine } from '#gpu-worker/llm/prompt-text.ts';

/** A window as it is simulated: a line a token, and what the latent did there. */
export interface WindowTokens {
  /** The token's text, its spaces kept, line breaks and tabs written out. */
  lines: string[];
  /** Whole numbers from 0 to 10 of the latent's maximum; 0 where silent. */
  activations: number[];
}

/** Tokens that hold parts of one character are one line, as nobody can read them apart. */
export function windowTokens(window: Pick<Example, 'tokens' | 'activations'>, maxActivation: number, normalise: Protocol['normalise']): WindowTokens {
  const pieces = joinTokens(window.tokens, window.activations);
  return {
    lines: pieces.map(({ text }) => keepSpaces(text)),
    activations: pieces.map(({ activation }) => normalised(activation, maxActivation, normalise)),
  };
}

const keepSpaces = (text: string): string => oneLine(`|${text}|`).slice(1, -1);
