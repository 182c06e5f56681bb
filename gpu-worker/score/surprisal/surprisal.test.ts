import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { unitHash } from '#lib/random/hash.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import type { LatentExam, ScorerServices } from '#gpu-worker/score/scorer.ts';
import { plantedLatents } from '#tests/doubles/planted.ts';
import { scriptedCompletions } from '#tests/doubles/scripted-completions.ts';
import { window } from '#tests/doubles/windows.ts';
import { surprisalPrompt, windowBegins } from './prompt.ts';
import { surprisalScorer } from './surprisal.ts';

const signal = new AbortController().signal;
const services = (completions: ScorerServices['completions']): ScorerServices => ({ chat: null, completions, embed: null });
const latents = plantedLatents(4, 7);
const examFor = (i: number): LatentExam => ({ latent: i, seed: 3, exam: examOf(latents[i]!.examples), maxActivation: 10 });

/** A base model that finds a word likelier where the last description names it, with a little that differs from prompt to prompt. */
const oracle = () =>
  scriptedCompletions(({ prompt, token, at }) => {
    const described = prompt.lastIndexOf('Description: ');
    if (at < described) return { logprob: -1, top: [] };
    const word = token.trim();
    const named = prompt.slice(described, prompt.indexOf('\nPassages:\n', described)).includes(`“${word}”`);
    // What the model finds of a window by chance is the windows' own, with a little that depends on the description.
    return { logprob: -6 + 0.1 * unitHash(`${prompt.slice(described, described + 40)} ${prompt.slice(-40)}`) + (named ? 4 : 0), top: [] };
  });

describe('windowBegins', () => {
  it('is the token with the first letter of the window, also where that holds the line break before it', () => {
    const prompt = surprisalPrompt('d', 'the window');
    const tokens = [prompt.slice(0, -10), 'the', ' window'];
    expect(windowBegins(tokens)).toBe(1);
    expect(windowBegins([prompt.slice(0, -11), '\nthe', ' window'])).toBe(1);
    expect(windowBegins(['<s>', ...tokens])).toBe(2);
    expect(windowBegins(['nothing of it'])).toBeNull();
  });

  it('is not led astray by a window that holds the heading', () => {
    const tokens = surprisalPrompt('d', 'a \\nPassages:\\n b').match(/ ?\S+|[^]/gu)!;
    expect(tokens.slice(windowBegins(tokens)!).join('')).toBe('a \\nPassages:\\n b');
  });
});

describe('surprisalScorer', () => {
  it('is near 1 for what is true of planted latents, and one half for another’s explanation and for none', async () => {
    const scorer = surprisalScorer();
    const completions = oracle();
    const means = { own: 0, other: 0, blank: 0 };
    for (let i = 0; i < latents.length; i++) {
      const texts = { own: latents[i]!.explanation, other: latents[(i + 1) % latents.length]!.explanation, blank: BLANK_EXPLANATION };
      for (const of of ['own', 'other', 'blank'] as const) {
        const result = await scorer.score(examFor(i), texts[of], services(completions), signal);
        expect(result).toMatchObject({ nPositives: 50, nNegatives: 50, nFailed: 0, failure: null });
        means[of] += result.value! / latents.length;
      }
    }
    expect(means.own).toBeGreaterThan(0.98);
    // An AUROC of 50 against 50 deviates by .058, a mean of four by .029.
    expect(Math.abs(means.other - scorer.nullValue)).toBeLessThan(0.08);
    expect(Math.abs(means.blank - scorer.nullValue)).toBeLessThan(0.08);
  });

  it('reads what the windows are without a description once, whoever explains them', async () => {
    const completions = oracle();
    const scorer = surprisalScorer();
    const first = await scorer.score(examFor(0), latents[0]!.explanation, services(completions), signal);
    expect(completions.prompts).toHaveLength(200);
    expect(first.usage).toMatchObject({ calls: 200, tokensOut: 0 });
    await scorer.score(examFor(0), 'anything', services(completions), signal);
    expect(completions.prompts).toHaveLength(300);
  });

  it('counts the first token: a window that differs there alone is told apart', async () => {
    const windows = Array.from({ length: 20 }, (_, i) =>
      window(`${i % 2 ? '{zebra}' : 'horse'} ran off`, { split: 'test', kind: i % 2 ? 'activating' : 'random', document: `d${i}`, row: i }),
    );
    const exam: LatentExam = { latent: 1, seed: 1, exam: examOf(windows), maxActivation: 1 };
    expect(await surprisalScorer().score(exam, 'The word “zebra”', services(oracle()), signal)).toMatchObject({ value: 1 });
  });

  it('counts windows that nobody answered for as failed, and throws what no later call can mend', async () => {
    const down = new AppError('upstream_failed', 'It failed.', { retryable: true });
    const some = scriptedCompletions(() => ({ logprob: -1, top: [] }), { fails: (call) => (call === 0 ? down : null) });
    const result = await surprisalScorer().score(examFor(1), 'x', services(some), signal);
    expect(result).toMatchObject({ value: 0.5, failures: { upstream: 16, bad_answer: 0 } });
    expect(result.nPositives + result.nNegatives + result.nFailed).toBe(100);
    const refused = scriptedCompletions(() => ({ logprob: -1, top: [] }), { fails: () => new AppError('unsupported', 'It gives none.') });
    await expect(surprisalScorer().score(examFor(1), 'x', services(refused), signal)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(surprisalScorer().score(examFor(1), 'x', services(null), signal)).rejects.toMatchObject({ code: 'invalid_config' });
  });
});
