import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinTokens } from './join.ts';
import { tokenBytes, tokenText } from './text.ts';
import { visibleParts, visibleText } from './visible.ts';
import { centredLine } from './window.ts';

const utf8 = new TextEncoder();

describe('token text', () => {
  it('keeps whole characters and spells loose bytes', () => {
    expect(tokenText(utf8.encode(' treaty'))).toBe(' treaty');
    expect(tokenText(Uint8Array.of(0x20, 0xe2, 0x80))).toBe(' <0xE2><0x80>');
    expect(tokenText(Uint8Array.of(0x9d, 0x41))).toBe('<0x9D>A');
  });

  it('agrees with the platform decoder on which bytes are UTF-8, and loses none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        let valid = true;
        try {
          new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        } catch {
          valid = false;
        }
        expect(tokenText(bytes).includes('<0x')).toBe(!valid);
        expect([...tokenBytes(tokenText(bytes))]).toEqual([...bytes]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('joinTokens', () => {
  it('puts a character that was cut apart together again, with its largest activation', () => {
    const tokens = ['“', ' caf', '<0xC3>', '<0xA9>', ' x'];
    expect(joinTokens(tokens, [0, 0, 1, 3, 0])).toEqual([
      { text: '“', activation: 0, index: 0, count: 1 },
      { text: ' caf', activation: 0, index: 1, count: 1 },
      { text: 'é', activation: 3, index: 2, count: 2 },
      { text: ' x', activation: 0, index: 4, count: 1 },
    ]);
  });

  it('shows a character cut off by the window’s edge as a replacement character', () => {
    expect(joinTokens(['<0x80><0x9D>', ' end'], [0, 0]).map((piece) => piece.text)).toEqual(['\uFFFD', ' end']);
    expect(joinTokens(['so<0xE2>'], [2]).map((piece) => piece.text)).toEqual(['so\uFFFD']);
  });

  it('gives back the text however it is cut into tokens', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 10 }), (text, cuts) => {
        fc.pre(!text.includes('<0x'));
        const bytes = utf8.encode(text);
        const edges = [...new Set([0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort((a, b) => a - b);
        const tokens = edges.slice(1).map((to, i) => tokenText(bytes.subarray(edges[i], to)));
        const pieces = joinTokens(tokens, tokens.map(() => 0));
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
        expect(pieces.reduce((sum, piece) => sum + piece.count, 0)).toBe(tokens.length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('visibleParts', () => {
  it('marks line breaks, tabs and runs of spaces, and leaves a word’s space alone', () => {
    expect(visibleParts('Sir,\n\nI')).toEqual([
      { text: 'Sir,', mark: false },
      { text: '↵↵', mark: true },
      { text: 'I', mark: false },
    ]);
    expect(visibleText(' treaty')).toBe(' treaty');
    expect(visibleText(' ')).toBe('·');
    expect(visibleText('a   b\tc\r\nd')).toBe('a···b⇥c↵d');
    expect(visibleText('\u0000')).toBe('␀');
  });
});

describe('centredLine', () => {
  it('centres on the strongest token, and on the middle where nothing fires', () => {
    const line = centredLine({ tokens: ['a', 'b', 'c'], activations: [0, 0, 2], maxIndex: 2 });
    expect(line?.centre.text).toBe('c');
    expect(line?.before.map((piece) => piece.text)).toEqual(['a', 'b']);
    expect(centredLine({ tokens: ['a', 'b', 'c'], activations: [0, 0, 0], maxIndex: null })?.centre.text).toBe('b');
    expect(centredLine({ tokens: [], activations: [], maxIndex: null })).toBeNull();
  });
});
