import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#gpu-worker/llm/chat-client.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { JUDGE_PARAMETERS } from '#gpu-worker/score/judge/ask-verdicts.ts';
import type { LatentExam } from '#gpu-worker/score/scorer.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { window } from '#tests/doubles/windows.ts';
import { detectionScorer } from './detection.ts';
import { DETECTION_SHOTS } from './few-shots.ts';

/** Four firing windows and eight silent ones, the firing word in the first alone. */
const exam = examOf(
  Array.from({ length: 12 }, (_, i) => window(i % 3 === 0 ? `text ${i} on {tax}` : `text ${i} on tea`, { split: 'test', row: i, document: `d${i}` })),
);
const latentExam: LatentExam = { latent: 1, seed: 22, exam, maxActivation: 1 };
const truth = exam.positive;
const shown = ({ messages }: ChatRequest): string[] => [...(messages.at(-1)?.content ?? '').matchAll(/^\d+: (.*)$/gm)].map((match) => match[1] as string);
const honest = (request: ChatRequest): string => JSON.stringify({ verdicts: shown(request).map((text) => Number(text.includes('tax'))) });
const scorer = detectionScorer(JUDGE_PARAMETERS);
const run = (chat: ReturnType<typeof scriptedChat>, signal = new AbortController().signal) =>
  scorer.score(latentExam, 'Taxes', { chat, completions: null, embed: null }, signal);
const answers = ({ verdicts }: Awaited<ReturnType<typeof run>>) => verdicts.map(({ right, positive }) => (right === null ? null : right === positive));

describe('detection prompts', () => {
  it('cover every text once, five a prompt, with all that is shared in front', async () => {
    const chat = scriptedChat(honest);
    await run(chat);
    expect(chat.requests.map((request) => shown(request).length)).toEqual([5, 5, 2]);
    expect(new Set(chat.requests.map(({ messages }) => JSON.stringify(messages.slice(0, -1)))).size).toBe(1);
    const questions = chat.requests.map(({ messages }) => messages.at(-1)?.content ?? '');
    expect(questions.every((question) => question.startsWith('Description: Taxes\n'))).toBe(true);
    expect(questions[2]).toContain('\n1: text 10 on tea\n2: text 11 on tea\n');
  });

  it('have worked examples with one verdict a text, of both kinds and neither', () => {
    const positives = DETECTION_SHOTS.map(({ texts, verdicts }) => {
      expect(verdicts.length).toBe(texts.length);
      return verdicts.filter((verdict) => verdict === 1).length / verdicts.length;
    });
    expect([positives.includes(0), positives.includes(1), positives.some((share) => share > 0 && share < 1)]).toEqual([true, true, true]);
  });

  it('are one exam when nothing in them differs, and another when anything does', () => {
    const hash = (explanation: string, of = latentExam, parameters = JUDGE_PARAMETERS) => detectionScorer(parameters).examHash(of, explanation);
    expect(hash('Taxes')).toBe(hash('Taxes'));
    const others = [
      hash('Teas'),
      hash('Taxes', { ...latentExam, exam: examOf(exam.windows.slice(1)) }),
      hash('Taxes', latentExam, { ...JUDGE_PARAMETERS, windowsPerPrompt: 1 }),
    ];
    expect(new Set([hash('Taxes'), ...others]).size).toBe(4);
  });
});

describe('detection', () => {
  it('gives every text the verdict that was given on it', async () => {
    const result = await run(scriptedChat(honest));
    expect(answers(result)).toEqual(truth);
    expect(result).toMatchObject({
      value: 1,
      failures: { bad_answer: 0, upstream: 0 },
      usage: { calls: 3, tokensIn: 300, tokensOut: 30, durationMs: 15 },
      provenance: { askedAlone: 0, temperature: 0, structured: true, probabilities: false },
      parts: { metrics: [] },
    });
  });

  it.each([
    ['prose', 'The first one.'],
    ['a list too short', '{"verdicts":[1]}'],
    ['a list too long', '{"verdicts":[1,1,1,1,1,1]}'],
    ['half an answer', '{"verdicts":[1,0'],
  ])('asks about each text alone when a prompt’s answer is %s', async (_, bad) => {
    const result = await run(scriptedChat((request) => (shown(request).length === 5 ? bad : honest(request))));
    expect(answers(result)).toEqual(truth);
    expect([result.provenance['askedAlone'], result.usage.calls]).toEqual([10, 13]);
    expect(result.failures).toEqual({ bad_answer: 0, upstream: 0 });
  });

  it('counts a text that stays without a verdict as failed, and its neighbours not', async () => {
    const result = await run(scriptedChat((request) => (shown(request).includes('text 7 on tea') ? 'I would rather not.' : honest(request))));
    expect(answers(result)).toEqual(truth.map((value, i) => (i === 7 ? null : value)));
    expect(result).toMatchObject({ failures: { bad_answer: 1, upstream: 0 }, nFailed: 1, nNegatives: 7 });
  });

  it('does not ask one by one where the endpoint gave no answer', async () => {
    const chat = scriptedChat((request) => (shown(request).includes('text 0 on tax') ? UPSTREAM.down : honest(request)));
    const result = await run(chat);
    expect(answers(result).map((answer) => answer === null)).toEqual(truth.map((_, i) => i < 5));
    expect([result.failures, chat.requests.length]).toEqual([{ bad_answer: 0, upstream: 5 }, 3]);
  });

  it('ranks by the model’s probabilities where it gives them', async () => {
    // Sure of all firing windows but one, which it takes for silent, though more likely than any that is.
    const chat = scriptedChat((request) => {
      const beliefs = shown(request).map((text) => (text.includes('text 0 ') ? 0.4 : text.includes('tax') ? 0.9 : 0.1));
      const digits = beliefs.map((p) => Number(p > 0.5));
      const at = (token: string, p = 1) => ({ token, logprob: Math.log(p), top: [] as { token: string; logprob: number }[] });
      return {
        text: JSON.stringify({ verdicts: digits }),
        logprobs: [
          at('{"verdicts":['),
          ...beliefs.flatMap((p, i) => [
            ...(i > 0 ? [at(',')] : []),
            {
              ...at(String(digits[i])),
              top: [
                { token: '1', logprob: Math.log(p) },
                { token: '0', logprob: Math.log(1 - p) },
              ],
            },
          ]),
          at(']}'),
        ],
      };
    });
    const result = await run(chat);
    expect(result.value).toBeCloseTo(0.875, 12);
    expect(result.parts.metrics).toMatchObject([{ metric: 'auroc', value: 1 }]);
    expect(result.verdicts[0]).toMatchObject({ right: false, score: expect.closeTo(0.4, 9) });
    expect(chat.requests[0]?.logprobs).toEqual({ top: 5 });
  });

  it('throws when a setting is wrong or the signal aborts', async () => {
    await expect(run(scriptedChat(() => UPSTREAM.wrongKey))).rejects.toBe(UPSTREAM.wrongKey);
    await expect(run(scriptedChat(honest), AbortSignal.abort())).rejects.toThrow();
  });
});
