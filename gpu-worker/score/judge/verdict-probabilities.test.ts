import { describe, expect, it } from 'vitest';
import type { TokenLogprob } from '#gpu-worker/llm/chat-client.ts';
import { verdictProbabilities } from './verdict-probabilities.ts';

const token = (text: string, p = 0.99, others: Record<string, number> = {}): TokenLogprob => ({
  token: text,
  logprob: Math.log(p),
  top: Object.entries(others).map(([other, q]) => ({ token: other, logprob: Math.log(q) })),
});

describe('verdictProbabilities', () => {
  it('is P(1) of P(0) + P(1) at each digit, spellings with a space or bracket counted in', () => {
    const tokens = [
      token('{"verdicts": '),
      token('[1', 0.6, { '[1': 0.6, '[0': 0.2, '[ ': 0.1 }),
      token(','),
      token(' 0', 0.7, { ' 0': 0.5, '0': 0.25, ' 1': 0.25 }),
      token(']}'),
    ];
    expect(verdictProbabilities(tokens, [1, 0])).toEqual([expect.closeTo(0.75, 12), expect.closeTo(0.25, 12)]);
  });

  it('takes the answer’s own probability where no alternatives are listed', () => {
    expect(verdictProbabilities([token('{"verdicts":['), token('0', 0.8), token(']}')], [0])).toEqual([expect.closeTo(0.2, 12)]);
  });

  it('ignores digits outside the list', () => {
    const tokens = [token('1 text: '), token('{"verdicts":['), token('1', 0.9, { '1': 0.9, '0': 0.1 }), token(']}'), token(' of 1')];
    expect(verdictProbabilities(tokens, [1])).toEqual([expect.closeTo(0.9, 12)]);
  });

  it.each([
    ['two digits are one token', [token('{"verdicts":['), token('1,0', 0.9), token(']}')], [1, 0]],
    ['the digits are not the verdicts', [token('{"verdicts":['), token('0', 0.9), token(']}')], [1]],
    ['there are fewer', [token('{"verdicts":['), token('1', 0.9), token(']}')], [1, 1]],
    ['there is no list', [token('yes')], [1]],
  ] as const)('gives none when %s', (_, tokens, verdicts) => {
    expect(verdictProbabilities(tokens, verdicts)).toBeNull();
  });
});
