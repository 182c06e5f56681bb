import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { unitHash } from '#lib/random/hash.ts';
import { BLANK_EXPLANATION } from '#gpu-worker/score/control.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import type { LatentExam, ScorerServices } from '#gpu-worker/score/scorer.ts';
import { plantedLatents } from '#tests/doubles/planted.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { scriptedCompletions } from '#tests/doubles/scripted-completions.ts';
import { window } from '#tests/doubles/windows.ts';
import { expectedLevels, likelihoodPrompt } from './likelihood-prompt.ts';
import { jsonSimulationScorer, likelihoodSimulationScorer } from './simulation.ts';
import { windowTokens } from './window-tokens.ts';

const signal = new AbortController().signal;
const none: ScorerServices = { chat: null, completions: null, embed: null };
const latents = plantedLatents(3, 11);
const examFor = (i: number): LatentExam => ({ latent: i, seed: 3, exam: examOf(latents[i]!.examples), maxActivation: 10 });
const other = (i: number): string => latents[(i + 1) % latents.length]!.explanation;

/** Reads the last description and expects 8 at the words it names and 0 elsewhere, with a little doubt that differs from place to place. */
const reader = () =>
  scriptedCompletions(({ prompt, token, at }) => {
    const described = prompt.lastIndexOf('responds to: ');
    if (token !== '?' || at < described) return { logprob: -1, top: [] };
    const word = prompt.slice(prompt.lastIndexOf('\n', at), at).trim();
    const doubt = 0.05 * unitHash(`doubt ${at}`);
    const named = prompt.slice(described, prompt.indexOf('\n', described)).includes(`“${word}”`);
    const top = [
      { token: '?', logprob: Math.log(0.9) },
      { token: named ? '8' : '0', logprob: Math.log(0.1 * (1 - doubt)) },
      { token: ' 4', logprob: Math.log(0.1 * doubt) },
      { token: '10', logprob: -1 },
    ];
    return { logprob: -0.1, top };
  });

/** The same by JSON, strength 8. */
const asked = () =>
  scriptedChat(({ messages }) => {
    const question = messages.at(-1)!.content;
    const lines = [...question.matchAll(/^(\d+):(.*)$/gmu)];
    const description = question.split('\n')[0]!;
    return JSON.stringify({ activations: lines.map(([, i, token]) => ({ i: Number(i), a: description.includes(`“${token!.trim()}”`) ? 8 : 0 })) });
  });

describe.each([
  ['likelihoods', () => likelihoodSimulationScorer('ceil'), () => ({ ...none, completions: reader() })],
  ['JSON', () => jsonSimulationScorer('ceil'), () => ({ ...none, chat: asked() })],
] as const)('simulation by %s', (_, makeScorer, makeServices) => {
  it('correlates with planted activations where the explanation is true, and not where it is another’s', async () => {
    const scorer = makeScorer();
    const services = makeServices();
    const means = { own: 0, other: 0 };
    let wrong = 0;
    for (let i = 0; i < latents.length; i++) {
      const own = await scorer.score(examFor(i), latents[i]!.explanation, services, signal);
      expect(own).toMatchObject({ nPositives: 50, nNegatives: 50, nFailed: 0, failure: null });
      expect(own.interval!.low).toBeGreaterThan(0.7);
      expect(own.parts.quantiles).toHaveLength(10);
      expect(own.parts.classes[0]).toMatchObject({ class: 'random', value: own.value, lower: own.interval!.low, upper: own.interval!.high });
      expect(own.parts.quantiles[0]).toMatchObject({ quantile: 0, nPositives: 5, nNegatives: 50 });
      means.own += own.value! / latents.length;
      const { value } = await scorer.score(examFor(i), other(i), services, signal);
      if (value !== null) {
        means.other += value;
        wrong++;
      }
    }
    // One strength for all words cannot follow activations from 1 to 10.
    expect(means.own).toBeGreaterThan(0.9);
    expect(wrong).toBeGreaterThan(1);
    // r over 3,200 tokens deviates by .018 where nothing is common, a mean of three by .010.
    expect(Math.abs(means.other / wrong - scorer.nullValue)).toBeLessThan(0.03);
  });
});

describe('likelihoodSimulationScorer', () => {
  it('says that there is nothing to correlate where every token gets the same', async () => {
    const flat = scriptedCompletions(() => ({ logprob: -1, top: [{ token: '0', logprob: -1 }] }));
    const result = await likelihoodSimulationScorer('ceil').score(examFor(0), BLANK_EXPLANATION, { ...none, completions: flat }, signal);
    expect(result).toMatchObject({
      value: null,
      interval: null,
      nPositives: 50,
      nNegatives: 50,
      nFailed: 0,
      failure: expect.stringContaining('same activation'),
    });
  });

  it('counts a window as failed where a place has no level among its alternatives, or the endpoint gave no answer', async () => {
    const wordy = scriptedCompletions(() => ({ logprob: -1, top: [{ token: 'none', logprob: -1 }] }));
    const lost = await likelihoodSimulationScorer('ceil').score(examFor(0), 'x', { ...none, completions: wordy }, signal);
    expect(lost).toMatchObject({ value: null, nFailed: 100, failures: { bad_answer: 100, upstream: 0 } });
    const down = scriptedCompletions(() => ({ logprob: -1, top: [] }), { fails: () => new AppError('upstream_failed', 'It failed.') });
    expect(await likelihoodSimulationScorer('ceil').score(examFor(0), 'x', { ...none, completions: down }, signal)).toMatchObject({
      value: null,
      failures: { bad_answer: 0, upstream: 100 },
    });
  });

  it('refuses an endpoint with too few alternatives', async () => {
    const few = scriptedCompletions(() => ({ logprob: -1, top: [] }), { maxTop: 1 });
    await expect(likelihoodSimulationScorer('ceil').score(examFor(0), 'x', { ...none, completions: few }, signal)).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});

describe('expectedLevels', () => {
  it('weighs the levels among the alternatives, at the places of the window and of nothing before it', () => {
    const prompt = likelihoodPrompt('“a”', [' a?', ' b', '']);
    const tokens = (prompt.match(/\t|[^\t]+/gu) ?? []).flatMap((part) => (part.startsWith('?') ? ['?', part.slice(1)] : [part]));
    const levels = [0.5, 0.25, 0.25];
    const read = tokens.map((token) => ({
      token,
      logprob: -1,
      top: token === '?' ? levels.map((p, i) => ({ token: `${i * 4}`.slice(0, 1), logprob: Math.log(p) })) : [],
    }));
    expect([...expectedLevels(read, 3)!]).toEqual([3, 3, 3].map((value) => expect.closeTo(value, 12)));
    expect(expectedLevels(read, 4)).toBeNull();
    expect(expectedLevels(read.slice(0, -4), 3)).toBeNull();
    // A tokenizer that joins the tab to what follows leaves no place of its own.
    expect(expectedLevels([{ token: prompt, logprob: -1, top: [] }], 3)).toBeNull();
  });
});

describe('jsonSimulationScorer', () => {
  const exam: LatentExam = {
    latent: 0,
    seed: 1,
    maxActivation: 4,
    exam: examOf(
      Array.from({ length: 12 }, (_, i) =>
        window(i < 6 ? 'the {tax|4} on the {tax|2} office' : 'the tea on the table top', { split: 'test', row: i, document: `d${i}` }),
      ),
    ),
  };
  const answer = (count: number) => JSON.stringify({ activations: Array.from({ length: count }, (_, i) => ({ i, a: i === 1 ? 7 : 0 })) });

  it('asks once more where an answer cannot be used, and then counts the window as failed', async () => {
    const scorer = jsonSimulationScorer('ceil');
    const short = scriptedChat(({ attempt = 0 }) => (attempt === 0 ? answer(5) : answer(6)));
    expect(await scorer.score(exam, 'tax', { ...none, chat: short }, signal)).toMatchObject({ nFailed: 0, provenance: { askedAgain: 12 } });
    const numbered = scriptedChat(() => answer(6).replace('"i":2', '"i":1'));
    const strong = scriptedChat(() => answer(6).replace('"a":7', '"a":11'));
    const down = scriptedChat((_, call) => (call % 2 ? UPSTREAM.down : answer(6)));
    expect(await scorer.score(exam, 'tax', { ...none, chat: numbered }, signal)).toMatchObject({ value: null, failures: { bad_answer: 12 } });
    expect(await scorer.score(exam, 'tax', { ...none, chat: strong }, signal)).toMatchObject({ value: null, failures: { bad_answer: 12 } });
    expect(await scorer.score(exam, 'tax', { ...none, chat: down }, signal)).toMatchObject({ nFailed: 6, failures: { bad_answer: 0, upstream: 6 } });
    await expect(scorer.score(exam, 'tax', { ...none, chat: scriptedChat(() => UPSTREAM.wrongKey) }, signal)).rejects.toMatchObject({ field: 'LLM_API_KEY' });
  });
});

describe('windowTokens', () => {
  it('keeps spaces, writes line breaks and tabs out, joins what shares a character, and rounds activations up', () => {
    const tokens = windowTokens({ tokens: [' a\n', '\t', ' é', '', '?'], activations: [0, 0.01, 1, 2, 0] }, 4, 'ceil');
    expect(tokens).toEqual({ lines: [' a\\n', '\\t', ' é', '?'], activations: [0, 1, 5, 0] });
  });
});
