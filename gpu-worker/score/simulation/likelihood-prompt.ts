import type { PromptToken } from '#gpu-worker/llm/completion-client.ts';
import { oneLine } from '#gpu-worker/llm/prompt-text.ts';
import { SIMULATION_SHOTS } from './shots.ts';

/** Raised when any word of the prompt or of the worked examples changes. */
export const SIMULATION_LIKELIHOOD_TEMPLATE = 'simulation-likelihood-1';

/**
 * Stands where an activation was not measured. No letter, which many tokenizers join to the tab before it, and no digit.
 */
const UNMEASURED = '?';
/** Stands before a text's tokens; what a prompt is read for begins with its last. */
export const TEXT = '\nText:\n';
// Levels of one digit: with 10, a tokenizer that writes digits one by one leaves open whether a 1 begins it.
const LEVEL = /^\s*([0-9])$/;

/** The same for every latent, so that it is read once. */
const STATIC_PART = [
  `Units of a language model respond to patterns in text. Below, each text stands with one token a line, followed by a tab and the activation of the unit on that token: a whole number from 0, silent, to 9, its strongest. Most are 0. ${UNMEASURED} stands where the activation was not measured.`,
  ...SIMULATION_SHOTS.map(({ description, texts }, unit) =>
    texts
      .map(({ tokens, unmeasured }) =>
        block(
          unit,
          description,
          tokens.map(([token, activation], i) => [token, i < unmeasured ? UNMEASURED : String(activation)]),
        ),
      )
      .join('\n'),
  ),
].join('\n\n');

function block(unit: number, description: string, lines: readonly (readonly [string, string])[]): string {
  return `Unit ${unit + 1} responds to: ${description}${TEXT}${lines.map(([token, level]) => `${token}\t${level}\n`).join('')}`;
}

/**
 * A text that a model is read on: at each unmeasured place, how likely does it find each level? All of the window's
 * places are read at once (Bills et al. 2023, "all at once"; method.md §5.4).
 *
 * @param lines the window's tokens (`windowTokens`)
 */
export function likelihoodPrompt(explanation: string, lines: readonly string[]): string {
  return `${STATIC_PART}\n\n${block(
    SIMULATION_SHOTS.length,
    oneLine(explanation),
    lines.map((line) => [line, UNMEASURED]),
  )}`;
}

/**
 * The expected level, 0 to 9, of each of the window's tokens: Σ v · p(v) / Σ p(v) over the levels among the alternatives
 * at its place. Null where a place is not a token of its own or none of its alternatives is a level.
 */
export function expectedLevels(tokens: readonly PromptToken[], count: number): Float64Array | null {
  const text = tokens.map(({ token }) => token).join('');
  const head = text.lastIndexOf(TEXT);
  if (head < 0) return null;
  const starts = new Map<number, PromptToken>();
  let at = 0;
  for (const token of tokens) {
    // Of tokens that share a character the first shows it; the empty others begin where the next one does.
    if (token.token !== '') starts.set(at, token);
    at += token.token.length;
  }
  const levels = new Float64Array(count);
  let place = head + TEXT.length;
  for (let i = 0; i < count; i++) {
    // Tokens have their own tabs written out, so the next tab is the one before the place.
    place = text.indexOf(`\t${UNMEASURED}`, place) + 1;
    const level = place === 0 ? null : expectedLevel(starts.get(place)?.top ?? []);
    if (level === null) return null;
    levels[i] = level;
  }
  return levels;
}

function expectedLevel(alternatives: PromptToken['top']): number | null {
  let [sum, total] = [0, 0];
  for (const { token, logprob } of alternatives) {
    const level = LEVEL.exec(token)?.[1];
    if (level === undefined) continue;
    sum += Number(level) * Math.exp(logprob);
    total += Math.exp(logprob);
  }
  return total > 0 ? sum / total : null;
}
