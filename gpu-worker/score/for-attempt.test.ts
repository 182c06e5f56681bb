import { expect, it } from 'vitest';
import { scriptedChat } from '#tests/doubles/scripted-chat.ts';
import { forAttempt } from './for-attempt.ts';

it('asks nothing twice that an earlier sitting asked, whichever attempt of its own that was', async () => {
  const asked = new Set<number>();
  for (const attempt of [0, 1, 2]) {
    const inner = scriptedChat(() => 'yes');
    const chat = forAttempt(inner, { purpose: 'score.simulation', attempt, seed: 22 });
    const request = { messages: [{ role: 'user' as const, content: 'Well?' }], maxTokens: 10, temperature: 0 };
    for (const own of [0, 1]) await chat.chat({ ...request, attempt: own });
    for (const { attempt: made } of inner.requests) asked.add(made ?? 0);
    expect(inner.requests).toHaveLength(2);
  }
  expect(asked.size).toBe(6);
});

it('keeps the first sitting as it is asked, and marks others of a scorer that asks once', async () => {
  const inner = scriptedChat(() => 'yes');
  const request = { messages: [{ role: 'user' as const, content: 'Well?' }], maxTokens: 10, temperature: 0 };
  await forAttempt(inner, { purpose: 'p', attempt: 0, seed: 1 }).chat(request);
  await forAttempt(inner, { purpose: 'p', attempt: 1, seed: 1 }).chat(request);
  expect(inner.requests.map(({ attempt }) => attempt)).toEqual([undefined, 1]);
});
