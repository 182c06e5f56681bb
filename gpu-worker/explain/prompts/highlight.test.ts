import { describe, expect, it } from 'vitest';
import { window } from '#tests/doubles/windows.ts';
import { highlight as highlightAt } from './highlight.ts';

const highlight = (example: Parameters<typeof highlightAt>[0], peak: number) => highlightAt(example, peak, 0.3);

describe('highlight', () => {
  it('marks runs above three tenths of the window’s maximum, with strengths against the latent’s', () => {
    expect(highlight(window('a {heavy|6} {tax|10} on {tea|3} and {salt|3.1} too'), 20)).toEqual({
      text: 'a «heavy tax» on tea and «salt» too',
      listed: [
        { token: 'heavy', strength: 3 },
        { token: 'tax', strength: 5 },
        { token: 'salt', strength: 2 },
      ],
    });
  });

  it('gives whatever is marked at least 1 and nothing more than 10', () => {
    expect(highlight(window('a {b|0.001} c'), 1000).listed).toEqual([{ token: 'b', strength: 1 }]);
    expect(highlight(window('a {b|2} c'), 1).listed).toEqual([{ token: 'b', strength: 10 }]);
  });

  it('lists the ten strongest in order of place', () => {
    const words = Array.from({ length: 14 }, (_, i) => `{w${i}|${100 - i}}`).reverse();
    expect(highlight(window(words.join(' ')), 100).listed.map(({ token }) => token)).toEqual(['w9', 'w8', 'w7', 'w6', 'w5', 'w4', 'w3', 'w2', 'w1', 'w0']);
  });

  it('does not take the corpus’s own quotation marks for ours, nor its line breaks for new lines', () => {
    const { text } = highlight(window('dit «non» et\n {part|1} en\nexil'), 1);
    expect(text).toBe('dit “non” et\\n «part» en\\nexil');
    expect(text.match(/[«»]/g)).toEqual(['«', '»']);
  });

  it('marks tokens without a space of their own, and those that are only space', () => {
    const example = { tokens: ['un', 'known', '  ', 'x'], activations: [4, 0, 4, 0], maxActivation: 4 };
    expect(highlight(example, 4)).toEqual({ text: '«un»known«  »x', listed: [{ token: 'un', strength: 10 }, { token: ' ', strength: 10 }] }); // prettier-ignore
  });

  it('marks a character that tokens split as one', () => {
    expect(highlight({ tokens: [' caf', 'é', '', ' noir'], activations: [0, 1, 3, 0], maxActivation: 3 }, 3).text).toBe('caf«é» noir');
  });
});
