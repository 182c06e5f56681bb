import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '#gpu-worker/llm/chat-client.ts';
import { examOf } from '#gpu-worker/score/exam.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { window } from '#tests/doubles/windows.ts';
import { intruderGroups } from './groups.ts';
import { INTRUDER_PARAMETERS, intruderScorer } from './intruder.ts';

const marking = { threshold: 0.3, frequency: () => 0 };
const exam = examOf([
  ...Array.from({ length: 50 }, (_, i) => window(`x${i} {tax|5} y z on and`, { split: 'test', row: i, document: `p${i % 12}`, quantile: Math.floor(i / 5) })),
  ...Array.from({ length: 50 }, (_, i) => window(`x${i} tea y z on and`, { split: 'test', row: 100 + i, document: `n${i % 12}` })),
]);
const latentExam = { latent: 2, seed: 22, exam, maxActivation: 5 };
const shown = ({ messages }: ChatRequest): string[] => [...(messages.at(-1)?.content ?? '').matchAll(/^\d+: (.*)$/gm)].map((match) => match[1] as string);
const sit = (chat: ReturnType<typeof scriptedChat>) =>
  intruderScorer(INTRUDER_PARAMETERS, marking).score(latentExam, '', { chat, completions: null, embed: null }, new AbortController().signal);

describe('intruderGroups', () => {
  const groups = intruderGroups(latentExam, 5, 30, marking);

  it('shows four firing windows of one tenth and a silent one, no silent one twice, tenths in turn', () => {
    expect(groups.length).toBe(30);
    for (const [i, { windows, intruder, quantile, texts, marked }] of groups.entries()) {
      expect(quantile).toBe(i % 10);
      expect(windows.map((of) => exam.windows[of]!.kind === 'random')).toEqual([0, 1, 2, 3, 4].map((place) => place === intruder));
      expect(windows.filter((_, place) => place !== intruder).every((of) => exam.windows[of]!.quantile === quantile)).toBe(true);
      expect(texts.every((text) => (text.match(/«/g) ?? []).length === 1)).toBe(true);
      expect(marked.length).toBe(1);
    }
    expect(new Set(groups.map(({ windows, intruder }) => windows[intruder])).size).toBe(30);
  });

  it('puts the intruder anywhere', () => {
    const places = Array.from({ length: 40 }, (_, latent) => intruderGroups({ ...latentExam, latent }, 5, 30, marking).map(({ intruder }) => intruder)).flat();
    for (let place = 0; place < 5; place++) expect(Math.abs(places.filter((own) => own === place).length / places.length - 0.2)).toBeLessThan(0.05);
  });

  it('makes none where no tenth has windows enough', () => {
    expect(intruderGroups({ ...latentExam, exam: examOf(exam.windows.filter(({ row }) => row % 5 < 3)) }, 5, 30, marking)).toEqual([]);
  });
});

describe('intruder detection', () => {
  it('is one for a judge that knows, a fifth for one that guesses, and 30 items either way', async () => {
    const knows = await sit(scriptedChat((request) => JSON.stringify({ intruder: shown(request).findIndex((text) => text.includes('tea')) + 1 })));
    expect(knows).toMatchObject({ value: 1, nPositives: 0, nNegatives: 30, nFailed: 0, failure: null });
    expect(knows.interval!.low).toBeGreaterThan(0.6);
    const guesses = await sit(scriptedChat(() => '{"intruder": 3}'));
    expect(guesses.interval!.low < 0.2 && guesses.interval!.high > 0.2).toBe(true);
    expect(guesses.parts.quantiles.length).toBe(10);
  });

  it('counts what cannot be read or had as failed, and fails when that is most', async () => {
    const some = await sit(scriptedChat((_, call) => (call % 3 === 0 ? '{"intruder": 9}' : call % 3 === 1 ? UPSTREAM.down : '{"intruder": 1}')));
    expect(some).toMatchObject({ value: null, nFailed: 20, nNegatives: 10, failures: { bad_answer: 10, upstream: 10 } });
    expect(some.failure).toContain('10 of 30 groups');
    expect(some.verdicts.filter(({ right }) => right === null).length).toBe(20);
  });
});
