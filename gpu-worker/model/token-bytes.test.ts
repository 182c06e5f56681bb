import { expect, test } from 'vitest';
import { byteDecoder, joinTokenBytes } from './token-bytes.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test('byte-level letters become the bytes they stand for', () => {
  const bytes = byteDecoder({ type: 'ByteLevel' }, 'BPE');
  expect([...bytes('Ġthe')]).toEqual([...utf8(' the')]);
  expect([...bytes('Ċ')]).toEqual([10]);
  // 'é' is C3 A9, both printable in Latin-1.
  expect([...bytes('Ã©')]).toEqual([...utf8('é')]);
});

test('SentencePiece and WordPiece spell their spaces', () => {
  const piece = byteDecoder({ type: 'Sequence', decoders: [{ type: 'Replace' }, { type: 'ByteFallback' }] }, 'BPE');
  expect([...piece('▁the')]).toEqual([...utf8(' the')]);
  expect([...piece('<0xE2>')]).toEqual([0xe2]);
  const word = byteDecoder({ type: 'WordPiece' }, 'WordPiece');
  expect([...word('##ing')]).toEqual([...utf8('ing')]);
  expect([...word('tax')]).toEqual([...utf8(' tax')]);
});

test('a character split over tokens is shown once, at the first of them', () => {
  const dash = utf8('—');
  expect(joinTokenBytes([utf8('war'), dash.slice(0, 1), dash.slice(1), utf8('peace')])).toEqual(['war', '—', '', 'peace']);
  expect(joinTokenBytes([dash.slice(0, 2), utf8('a')])).toEqual(['\uFFFD\uFFFD', 'a']);
  expect(joinTokenBytes([])).toEqual([]);
});

test('the parts of any text join to it, however its bytes are cut', () => {
  const text = 'naïve — 😀 é\u0000\uFEFFz';
  const bytes = utf8(text);
  for (let cut = 1; cut < 5; cut++) {
    const tokens: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += cut) tokens.push(bytes.slice(at, at + cut));
    expect(joinTokenBytes(tokens).join('')).toBe(text);
  }
});
