import { describe, expect, it } from 'vitest';
import { AppError } from '#lib/errors/app-error.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { answeringBatch } from './answering-batch.ts';
import { withBreaker } from './breaker.ts';
import type { ChatClient, ChatRequest } from './chat-client.ts';
import { isUnanswered } from './unanswered.ts';

const request = (content: string): ChatRequest => ({ messages: [{ role: 'user', content }], maxTokens: 5, temperature: 0 });
const said = (of: ChatRequest): string => of.messages.at(-1)?.content ?? '';

describe('withBreaker', () => {
  it('stops calling after as many failures in a row as there are slots', async () => {
    const chat = scriptedChat(() => UPSTREAM.down, 3);
    const guarded = withBreaker(chat);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => guarded.chat(request(String(i)))));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(chat.requests.length).toBe(3);
  });

  it('goes on as long as answers come between', async () => {
    const chat = scriptedChat((_, call) => (call % 3 === 2 ? 'yes' : UPSTREAM.down), 3);
    const guarded = withBreaker(chat);
    for (let i = 0; i < 9; i++) await guarded.chat(request(String(i))).catch(() => null);
    expect(chat.requests.length).toBe(9);
  });

  it('is not put off by requests that were themselves at fault', async () => {
    const chat = scriptedChat(() => UPSTREAM.refused, 2);
    const guarded = withBreaker(chat);
    for (let i = 0; i < 9; i++) await guarded.chat(request(String(i))).catch(() => null);
    expect(chat.requests.length).toBe(9);
  });

  it('needs to be refused the key but once', async () => {
    const chat = scriptedChat(() => UPSTREAM.wrongKey, 4);
    const guarded = withBreaker(chat);
    for (let i = 0; i < 3; i++) await expect(guarded.chat(request(String(i)))).rejects.toBe(UPSTREAM.wrongKey);
    expect(chat.requests.length).toBe(1);
  });
});

describe('answeringBatch', () => {
  const work = async (chat: ChatClient, item: string): Promise<string> => {
    try {
      return (await chat.chat(request(item))).text;
    } catch (error) {
      if (isUnanswered(error)) return 'upstream';
      throw error;
    }
  };
  const run = (chat: ChatClient, items: string[]) => answeringBatch(chat, items, work, (result) => result === 'upstream', new AbortController().signal);
  const items = ['a', 'b', 'c', 'd', 'e', 'f'];

  it('asks once when all goes well', async () => {
    const chat = scriptedChat((of) => said(of).toUpperCase());
    expect(await run(chat, items)).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
    expect(chat.requests.length).toBe(6);
  });

  it('asks again for what a passing fault took', async () => {
    const seen = new Set<string>();
    const chat = scriptedChat((of) => {
      const again = seen.has(said(of));
      seen.add(said(of));
      return (said(of) === 'b' || said(of) === 'e') && !again ? UPSTREAM.down : said(of).toUpperCase();
    });
    expect(await run(chat, items)).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
  });

  it('leaves a poisoned item failed, and the others whole', async () => {
    const chat = scriptedChat((of) => (said(of) === 'c' ? UPSTREAM.down : said(of).toUpperCase()));
    expect(await run(chat, items)).toEqual(['A', 'B', 'upstream', 'D', 'E', 'F']);
    expect(await run(chat, ['c'])).toEqual(['upstream']);
  });

  it('throws when the endpoint does not even answer a trivial question', async () => {
    const chat = scriptedChat((_, call) => (call < 3 ? 'fine' : UPSTREAM.down), 2);
    const many = Array.from({ length: 40 }, (_, i) => String(i));
    await expect(run(chat, many)).rejects.toBe(UPSTREAM.down);
    // Three answers, two failures that break the circuit, one call that was under way, the question.
    expect(chat.requests.length).toBeLessThanOrEqual(7);
  });

  it('does not ask again, nor whether the endpoint answers, once the budget is spent', async () => {
    const spent = new AppError('budget_spent', 'The run has spent it.');
    const chat = scriptedChat((of) => (said(of) > 'b' ? spent : said(of).toUpperCase()));
    expect(await run(chat, items)).toEqual(['A', 'B', 'upstream', 'upstream', 'upstream', 'upstream']);
    expect(chat.requests.length).toBe(6);
  });

  it('throws at once what no second try can mend', async () => {
    const chat = scriptedChat(() => UPSTREAM.wrongKey, 1);
    await expect(run(chat, items)).rejects.toBe(UPSTREAM.wrongKey);
    expect(chat.requests.length).toBe(1);
  });
});
