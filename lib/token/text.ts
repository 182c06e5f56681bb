/**
 * How a token is written down as text. Vocabularies cut inside characters: “…” may be three tokens, none of which is
 * valid UTF-8. What is valid becomes text; every other byte becomes `<0xE2>`, the spelling SentencePiece uses for its
 * byte tokens, so that nothing is lost and `joinTokens` can put the character together again.
 */
const BYTE = /<0x([0-9A-F]{2})>/g;

/** Token bytes → text. `tokenText(Uint8Array.of(0x20, 0x61))` is `' a'`; `tokenText(Uint8Array.of(0xe2, 0x80))` is `'<0xE2><0x80>'`. */
export function tokenText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      text += `<0x${(bytes[at] as number).toString(16).toUpperCase().padStart(2, '0')}>`;
      at += 1;
    } else {
      text += new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Token text → bytes; the inverse of `tokenText`, except for text that itself spells a byte (`<0x41>` typed by a person). */
export function tokenBytes(text: string): Uint8Array {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const match of text.matchAll(BYTE)) {
    parts.push(encoder.encode(text.slice(from, match.index)), Uint8Array.of(Number.parseInt(match[1] as string, 16)));
    from = match.index + match[0].length;
  }
  parts.push(encoder.encode(text.slice(from)));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Whether a token's text holds bytes that are no character on their own. */
export function hasLooseBytes(text: string): boolean {
  return text.search(BYTE) >= 0;
}

/** Bytes of the UTF-8 character that begins at `at`; 0 when there is none, or not all of one. */
export function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] as number;
  // Overlong forms, surrogates and code points past U+10FFFF are not UTF-8 (RFC 3629, section 4).
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) || (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return length;
}
