import { rngFor } from '#lib/random/rng.ts';
import { LANGUAGE } from './language.ts';
import { readMeaning } from './meaning.ts';
import type { Oracle } from './oracle.ts';

/** A token of a prompt as a reader finds it; the first has no probability. */
export interface ReadToken {
  token: string;
  logprob: number | null;
  /** What else could have stood there. */
  top: Record<string, number>;
}

/** Words with the space before them, line breaks, tabs and question marks by themselves. */
const TOKENS = /\n|\t|\?| ?[^\s?]+|./gsu;
const UNMEASURED = '?';
const LEVELS = 10;

/**
 * How likely the oracle finds each token of a text. A common word costs some nats, the same everywhere. It has read two
 * kinds of text before: passages under a description, of which it finds the last one likelier or less likely as it
 * believes that the description is true of it; and tokens each with a level, of which it knows the unmeasured ones.
 */
export function readPrompt(oracle: Oracle, prompt: string): ReadToken[] {
  const blank = prompt.lastIndexOf('\n\n');
  let at = 0;
  const read = (prompt.match(TOKENS) ?? []).map((token, i): ReadToken => {
    at += token.length;
    const logprob = i === 0 ? null : costOf(token);
    // What else could stand there is told of the last paragraph alone: nobody looks at the others, and they are long.
    return { token, logprob, top: logprob === null ? {} : at > blank + 2 ? { ...ELSEWHERE, [token]: logprob } : { [token]: logprob } };
  });
  const block = prompt.slice(blank + 2);
  const [head = '', kind = '', ...lines] = block.split('\n');
  const parts = readMeaning(head);
  if (kind === 'Passages:' && parts.length > 0) {
    const last = read.at(-1)!;
    last.logprob = (last.logprob ?? 0) + Math.log(2 * oracle.believes(parts, lines.join('\n')));
  }
  if (kind === 'Text:') {
    const rows = lines.filter((line) => line.includes('\t'));
    const levels = oracle.levels(
      parts,
      rows.map((line) => line.split('\t')[0]!),
    );
    // The last places of the prompt are the block's.
    const places = read.flatMap(({ token }, i) => (token === UNMEASURED && read[i - 1]?.token === '\t' ? [i] : [])).slice(-rows.length);
    for (const [i, place] of places.entries()) read[place]!.top = spread(levels[i]!);
  }
  return read;
}

/** Common words, none of them likely: what a reader names when it is asked for more than it thinks of. */
const ELSEWHERE: Readonly<Record<string, number>> = Object.fromEntries(LANGUAGE.common.slice(0, 20).map((word, i) => [` ${word}`, -9 - i / 10]));

const COSTS = new Map<string, number>();

/** Of a token wherever it stands, in nats below 0; kept, as prompts begin alike. */
function costOf(token: string): number {
  let cost = COSTS.get(token);
  if (cost === undefined) COSTS.set(token, (cost = -2 - 6 * rngFor('oracle reading', token).next()));
  return cost;
}

/** Log-probabilities of all levels, most of it at one, the rest as it falls. */
function spread(level: number): Record<string, number> {
  const at = Math.min(LEVELS - 1, level);
  return Object.fromEntries(Array.from({ length: LEVELS }, (_, i) => [String(i), Math.log(i === at ? 0.95 : 0.05 * 2 ** -(1 + Math.abs(i - at)))]));
}

/** A choice of `/completions` with `echo`: the prompt's tokens with their log-probabilities, as OpenAI's API has them. */
export function echoed(read: readonly ReadToken[], alternatives: number): Record<string, unknown> {
  let offset = 0;
  const offsets = read.map(({ token }) => (offset += token.length) - token.length);
  const likeliest = (top: Record<string, number>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(top)
        .sort(([, a], [, b]) => b - a)
        .slice(0, alternatives),
    );
  return {
    tokens: read.map(({ token }) => token),
    token_logprobs: read.map(({ logprob }) => logprob),
    top_logprobs: read.map(({ top, logprob }) => (logprob === null ? null : likeliest(top))),
    text_offset: offsets,
  };
}
