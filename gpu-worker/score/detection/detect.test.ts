import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#gpu-worker/llm/chat-client.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { detect, DETECTION_PARAMETERS, detectionPrompts } from './detect.ts';
import { DETECTION_SHOTS } from './few-shots.ts';

/** 12 texts, every third of which holds the word. */
const texts = Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? `text ${i} on tax` : `text ${i} on tea`));
const truth = texts.map((text) => text.includes('tax'));
const shown = ({ messages }: ChatRequest): string[] => [...(messages.at(-1)?.content ?? '').matchAll(/^\d+: (.*)$/gm)].map((match) => match[1] as string);
const honest = (request: ChatRequest): string => JSON.stringify({ verdicts: shown(request).map((text) => Number(text.includes('tax'))) });
const run = (chat: Parameters<typeof detect>[0]) => detect(chat, { explanation: 'Taxes', texts }, DETECTION_PARAMETERS);

describe('detectionPrompts', () => {
  it('covers every text once, five a prompt, with all that is shared in front', () => {
    const prompts = detectionPrompts('Taxes', texts, 5);
    expect(prompts.map(({ indices }) => indices)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
      [10, 11],
    ]);
    expect(new Set(prompts.map(({ messages }) => JSON.stringify(messages.slice(0, -1)))).size).toBe(1);
    const questions = prompts.map(({ messages }) => messages.at(-1)?.content ?? '');
    expect(questions.every((question) => question.startsWith('Description: Taxes\n'))).toBe(true);
    expect(questions[2]).toContain('\n1: text 10 on tea\n2: text 11 on tea\n');
  });

  it('has worked examples with one verdict a text, of both kinds and neither', () => {
    const positives = DETECTION_SHOTS.map(({ texts: all, verdicts }) => {
      expect(verdicts.length).toBe(all.length);
      return verdicts.filter((verdict) => verdict === 1).length / verdicts.length;
    });
    expect([positives.includes(0), positives.includes(1), positives.some((share) => share > 0 && share < 1)]).toEqual([true, true, true]);
  });
});

describe('detect', () => {
  it('gives every text the verdict that was given on it', async () => {
    const chat = scriptedChat(honest);
    const detection = await run(chat);
    expect(detection).toEqual({
      predictions: truth,
      failures: { bad_answer: 0, upstream: 0 },
      askedAlone: 0,
      usage: { calls: 3, tokensIn: 300, tokensOut: 30, durationMs: 15 },
      temperature: 0,
      structured: true,
    });
  });

  it.each([
    ['prose', 'The first one.'],
    ['a list too short', '{"verdicts":[1]}'],
    ['a list too long', '{"verdicts":[1,1,1,1,1,1]}'],
    ['half an answer', '{"verdicts":[1,0'],
  ])('asks about each text alone when a prompt’s answer is %s', async (_, bad) => {
    const chat = scriptedChat((request) => (shown(request).length === 5 ? bad : honest(request)));
    const detection = await run(chat);
    expect(detection.predictions).toEqual(truth);
    expect([detection.askedAlone, detection.usage.calls]).toEqual([10, 13]);
    expect(detection.failures).toEqual({ bad_answer: 0, upstream: 0 });
  });

  it('counts a text that stays without a verdict as failed, and its neighbours not', async () => {
    const poisoned = 'text 7 on tea';
    const chat = scriptedChat((request) => (shown(request).includes(poisoned) ? 'I would rather not.' : honest(request)));
    const detection = await run(chat);
    expect(detection.predictions).toEqual(truth.map((value, i) => (i === 7 ? null : value)));
    expect(detection.failures).toEqual({ bad_answer: 1, upstream: 0 });
  });

  it('does not ask one by one where the endpoint gave no answer', async () => {
    const chat = scriptedChat((request) => (shown(request).includes('text 0 on tax') ? UPSTREAM.down : honest(request)));
    const detection = await run(chat);
    expect(detection.predictions.map((prediction) => prediction === null)).toEqual(texts.map((_, i) => i < 5));
    expect([detection.failures, chat.requests.length]).toEqual([{ bad_answer: 0, upstream: 5 }, 3]);
  });

  it('throws when a setting is wrong or the signal aborts', async () => {
    await expect(run(scriptedChat(() => UPSTREAM.wrongKey))).rejects.toBe(UPSTREAM.wrongKey);
    await expect(detect(scriptedChat(honest), { explanation: 'Taxes', texts }, DETECTION_PARAMETERS, AbortSignal.abort())).rejects.toThrow();
  });
});
