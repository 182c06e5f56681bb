import { z } from 'zod';

/** The bytes of text that a vocabulary entry stands for. */
export type TokenBytes = (token: string) => Uint8Array;

const decoderSchema = z.looseObject({ type: z.string(), decoders: z.array(z.looseObject({ type: z.string() })).optional() }).nullable();
const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

/**
 * How a tokenizer's vocabulary entries become bytes, by the kinds of decoder in use: byte-level (each letter is one
 * byte), SentencePiece (`▁` is a space, `<0x0A>` a byte), WordPiece (`##` continues a word; other entries begin one,
 * so a space precedes them), else plain text.
 */
export function byteDecoder(decoder: unknown, modelType: string | undefined): TokenBytes {
  const parsed = decoderSchema.safeParse(decoder);
  const kinds = parsed.success && parsed.data ? [parsed.data.type, ...(parsed.data.decoders ?? []).map((inner) => inner.type)] : [];
  const utf8 = new TextEncoder();
  if (kinds.includes('ByteLevel')) {
    const bytes = byteLevelAlphabet();
    return (token) => Uint8Array.from([...token].flatMap((letter) => bytes.get(letter) ?? [...utf8.encode(letter)]));
  }
  if (kinds.includes('WordPiece') || modelType === 'WordPiece') {
    return (token) => utf8.encode(token.startsWith('##') ? token.slice(2) : ` ${token}`);
  }
  return (token) => {
    const byte = BYTE_TOKEN.exec(token);
    return byte ? Uint8Array.of(Number.parseInt(byte[1]!, 16)) : utf8.encode(token.replaceAll('▁', ' '));
  };
}

/** GPT-2's alphabet: printable Latin-1 stands for itself, the other 68 bytes for the letters from U+0100 on, in order. */
function byteLevelAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    alphabet.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return alphabet;
}

/** The text of bytes that are whole characters, or null when a character is split at either end or they form none. */
export function wholeText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * The text each of some consecutive tokens shows. A character whose bytes are split over tokens is shown whole at the
 * first of them and the others show '' for it; bytes that form no character show U+FFFD. The parts join to the text
 * that the joined bytes spell.
 */
export function joinTokenBytes(tokens: readonly Uint8Array[]): string[] {
  const owner: number[] = [];
  tokens.forEach((bytes, token) => bytes.forEach(() => owner.push(token)));
  const all = Uint8Array.from(tokens.flatMap((bytes) => [...bytes]));
  const parts = tokens.map(() => '');
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (let at = 0; at < all.length;) {
    const size = characterBytes(all, at);
    const token = owner[at]!;
    parts[token] += decoder.decode(all.subarray(at, at + size));
    at += size;
  }
  return parts;
}

/** Bytes of the UTF-8 character that begins at `at`; 1 for a byte that begins none. */
function characterBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const size = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  for (let i = 1; i < size; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 1;
  return first >= 0xf8 ? 1 : size;
}
