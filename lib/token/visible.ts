/** A stretch of a token as shown: plain text, or a mark that stands for something invisible. */
export interface VisiblePart {
  text: string;
  mark: boolean;
}

const CONTROL_PICTURES = 0x2400;

/**
 * Makes what cannot be seen visible without hurting the reading: a line break is `↵`, a tab `⇥`, runs of two spaces or
 * more and lone trailing spaces are `·`, control characters get their pictures. One space before a word stays a space.
 *
 * @example visibleParts('Sir,\n\nI') // [{text: 'Sir,', mark: false}, {text: '↵↵', mark: true}, {text: 'I', mark: false}]
 */
export function visibleParts(text: string): VisiblePart[] {
  const parts: VisiblePart[] = [];
  const push = (piece: string, mark: boolean): void => {
    const last = parts.at(-1);
    if (last && last.mark === mark) last.text += piece;
    else parts.push({ text: piece, mark });
  };
  for (const [piece] of text.matchAll(/\r\n|[\u0020\u00a0]+|[\s\S]/gu)) {
    const code = piece.codePointAt(0) as number;
    if (piece === '\n' || piece === '\r\n' || piece === '\r') push('↵', true);
    else if (piece === '\t') push('⇥', true);
    else if (code === 0x20 || code === 0xa0) {
      if (piece.length === 1 && text !== piece) push(' ', false);
      else push('·'.repeat(piece.length), true);
    } else if (code < 0x20) push(String.fromCodePoint(CONTROL_PICTURES + code), true);
    else if (code === 0x200b || code === 0xfeff || code === 0x2028 || code === 0x2029) push('·', true);
    else push(piece, false);
  }
  return parts;
}

/** The same as one string, for titles and labels. */
export function visibleText(text: string): string {
  return visibleParts(text)
    .map((part) => part.text)
    .join('');
}
