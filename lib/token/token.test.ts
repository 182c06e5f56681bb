import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinTokens } from './join.ts';
import { visibleParts, visibleText } from './visible.ts';
import { centredLine } from './window.ts';

describe('joinTokens', () => {
  it('shows a character that was cut apart once, with the largest activation of its tokens', () => {
    expect(joinTokens([' caf', 'é', '', ' x'], [0, 1, 3, 0])).toEqual([
      { text: ' caf', activation: 0, index: 0, count: 1 },
      { text: 'é', activation: 3, index: 1, count: 2 },
      { text: ' x', activation: 0, index: 3, count: 1 },
    ]);
    expect(joinTokens(['', 'end'], [2, 0])).toEqual([{ text: 'end', activation: 2, index: 0, count: 2 }]);
    expect(joinTokens([], [])).toEqual([]);
  });

  it('loses neither text, tokens nor the maximum, however the window was cut', () => {
    const window = fc.array(fc.record({ text: fc.constantFrom('', 'a', ' b', 'é'), activation: fc.nat(9) }), { maxLength: 12 });
    fc.assert(
      fc.property(window, (tokens) => {
        const pieces = joinTokens(
          tokens.map((token) => token.text),
          tokens.map((token) => token.activation),
        );
        expect(pieces.map((piece) => piece.text).join('')).toBe(tokens.map((token) => token.text).join(''));
        expect(pieces.reduce((sum, piece) => sum + piece.count, 0)).toBe(tokens.length);
        expect(Math.max(0, ...pieces.map((piece) => piece.activation))).toBe(Math.max(0, ...tokens.map((token) => token.activation)));
        if (tokens.some((token) => token.text !== '')) expect(pieces.every((piece) => piece.text !== '')).toBe(true);
      }),
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
