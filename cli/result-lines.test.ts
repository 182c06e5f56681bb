import { describe, expect, it } from 'vitest';
import { resultLines } from './result-lines.ts';

const spread = { n: 85, median: 0.512, lower: 0.498, upper: 0.527, q1: 0.4, q3: 0.6 };

describe('resultLines', () => {
  it('says how many latents are what, how they scored, and what was asked', () => {
    const lines = resultLines({
      latents: { ready: 85, dead: 15 },
      scores: {
        detection: { metric: 'balanced_accuracy', score: spread, control: { ...spread, median: 0.5 } },
        fuzzing: { metric: 'balanced_accuracy', score: null, control: null },
      },
      llm: { calls: 1, reused: 20, tokensIn: 1234, tokensOut: 56, cost: null, stopped: null },
      sampleKey: 's1',
    });
    expect(lines[0]).toBe('Latents: 85 ready, 15 dead.');
    expect(lines[2]).toMatch(/^Detection +balanced accuracy +0\.51 +0\.50 to 0\.53 +0\.50 +85$/);
    expect(lines[3]).toMatch(/^Fuzzing +balanced accuracy +none +– +0$/);
    expect(new Set(lines.slice(1, 4).map((line) => line.length)).size).toBe(1);
    expect(lines.at(-1)).toBe('Language model: 1 call (20 more answered before), 1,234 tokens in and 56 out, at a price that is not known.');
  });

  it('says why a run stopped asking, and nothing of what it did not do', () => {
    const llm = { calls: 2, reused: 0, tokensIn: 10, tokensOut: 5, cost: 0.0123, stopped: { message: 'The run has spent its budget.' } };
    expect(resultLines({ llm })).toEqual([
      'Language model: 2 calls (0 more answered before), 10 tokens in and 5 out, for $0.0123.',
      'The run has spent its budget.',
    ]);
    expect(resultLines({})).toEqual([]);
  });
});
