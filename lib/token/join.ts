import { characterLength, hasLooseBytes, tokenBytes, tokenText } from './text.ts';

/** One or more tokens shown as one piece of text. */
export interface JoinedToken {
  text: string;
  /** Largest activation of the tokens inside. */
  activation: number;
  /** Index of the first token inside, and how many there are. */
  index: number;
  count: number;
}

/**
 * Joins tokens that hold parts of one character, so that readers see `é` and not two bytes.
 *
 * @param tokens token texts (lib/token/text.ts)
 * @param activations one a token
 * @returns pieces in order; together they cover every token once. Bytes that never make up a character (a window cut
 *   inside one) are shown as `�`, one piece a run.
 * @example joinTokens([' caf', '<0xC3>', '<0xA9>'], [0, 1, 3]) // [{text: ' caf', …}, {text: 'é', activation: 3, index: 1, count: 2}]
 */
export function joinTokens(tokens: readonly string[], activations: readonly number[]): JoinedToken[] {
  const pieces: JoinedToken[] = [];
  for (let at = 0; at < tokens.length; ) {
    let count = 1;
    let text = tokens[at] as string;
    if (hasLooseBytes(text)) {
      while (at + count < tokens.length && endsInsideCharacter(tokenBytes(text)) && startsInsideCharacter(tokenBytes(tokens[at + count] as string))) {
        text += tokens[at + count] as string;
        count += 1;
      }
      text = tokenText(tokenBytes(text)).replace(/(?:<0x[0-9A-F]{2}>)+/g, '\uFFFD');
    }
    let activation = 0;
    for (let i = at; i < at + count; i++) activation = Math.max(activation, activations[i] ?? 0);
    pieces.push({ text, activation, index: at, count });
    at += count;
  }
  return pieces;
}

function startsInsideCharacter(bytes: Uint8Array): boolean {
  return bytes.length > 0 && ((bytes[0] as number) & 0xc0) === 0x80;
}

function endsInsideCharacter(bytes: Uint8Array): boolean {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    return byte >= 0xc2 && characterLength(bytes, bytes.length - back) === 0;
  }
  return false;
}
