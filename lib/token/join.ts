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
 * Joins tokens that hold parts of one character, so that readers see `é` and not two bytes. Windows are stored with a
 * split character whole at the first of its tokens and '' at the others; those have nothing to be highlighted on, so
 * they become part of the token before them (of the one after them at a window's beginning).
 *
 * @param tokens token texts
 * @param activations one a token
 * @returns pieces in order; together they cover every token once
 * @example joinTokens([' caf', 'é', ''], [0, 1, 3]) // [{text: ' caf', …}, {text: 'é', activation: 3, index: 1, count: 2}]
 */
export function joinTokens(tokens: readonly string[], activations: readonly number[]): JoinedToken[] {
  const pieces: JoinedToken[] = [];
  tokens.forEach((text, index) => {
    const activation = activations[index] ?? 0;
    const last = pieces.at(-1);
    if (last !== undefined && (text === '' || last.text === '')) {
      last.text += text;
      last.activation = Math.max(last.activation, activation);
      last.count += 1;
    } else {
      pieces.push({ text, activation, index, count: 1 });
    }
  });
  return pieces;
}
