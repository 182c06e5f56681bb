import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '#gpu-worker/model/chat-template.ts';
import { promptHash } from '#gpu-worker/llm/prompt-text.ts';
import { AppError } from '#lib/errors/app-error.ts';
import { evidence, explainWith, SETTINGS } from '#tests/doubles/evidence.ts';
import { scriptedChat, UPSTREAM } from '#tests/doubles/scripted-chat.ts';
import { defaultExplainer } from './default.ts';
import { defaultPrompt } from './prompts/default.ts';
import { messagesOf } from './prompts/prompt.ts';

const shown = evidence(['a {tax|8} on tea', 'the {duty|4} of salt']);
const prompt = defaultPrompt(shown.firing, SETTINGS);
const explain = (chat: Parameters<typeof explainWith>[1]['chat'], settings = {}) => explainWith(defaultExplainer, { evidence: shown, chat, settings });
const last = (messages: readonly ChatMessage[] = []): string => messages.at(-1)?.content ?? '';

describe('asking for a phrase', () => {
  it('keeps the phrase with what it was made from', async () => {
    const chat = scriptedChat(() => ({ text: '{"explanation": "  Taxes and\\n duties "}', cost: 0.002, rawKey: 'llm/abc' }));
    expect(await explain(chat)).toEqual({
      kind: 'explained',
      text: 'Taxes and duties',
      provenance: {
        template: 'default-3',
        templateHash: promptHash(prompt.fixed),
        promptHash: promptHash(messagesOf(prompt)),
        windows: [[0, 32], [1, 32]],
        seed: 22,
        model: 'scripted-1',
        endpoint: 'nowhere:1',
        maxTokens: 500,
        temperature: 0,
        structured: true,
        calls: 1,
        tokensIn: 100,
        tokensOut: 10,
        tokensCached: null,
        durationMs: 5,
        cost: 0.002,
        raw: ['llm/abc'],
      },
    }); // prettier-ignore
    expect(chat.requests[0]).toMatchObject({ schema: { name: 'explanation' }, purpose: 'explain.default', cache: 'use', temperature: 0 });
  });

  it('asks once more when an answer cannot be used, and says why', async () => {
    const chat = scriptedChat((_, call) => (call === 0 ? 'Taxes!' : '{"explanation":"Taxes and duties"}'));
    expect(await explain(chat)).toMatchObject({ kind: 'explained', text: 'Taxes and duties', provenance: { calls: 2, tokensIn: 200, cost: null } });
    expect(chat.requests[1]?.messages.slice(0, -2)).toEqual(messagesOf(prompt));
    expect(last(chat.requests[1]?.messages)).toContain('there was no complete JSON object in the answer');
  });

  it.each([
    ['prose', 'This latent fires on taxes.'],
    ['an empty phrase', '{"explanation":"  "}'],
    ['no words', '{"explanation":"???"}'],
    ['an essay', JSON.stringify({ explanation: 'taxes '.repeat(100) })],
    ['quoted excerpts', '{"explanation":"«tax» and «duty»"}'],
    ['another field', '{"reason":"Taxes"}'],
    ['a number', '{"explanation":12}'],
    ['a list', '{"explanation":["Taxes"]}'],
    ['two answers', '{"explanation":"Taxes"} or {"explanation":"Duties"}'],
    ['an answer that was cut off', { text: '{"explanation":"Taxes"}', finishReason: 'length' }],
    ['half an answer', '{"explanation":"Tax'],
    ['a refusal', { text: '' }],
  ])('never takes an explanation from %s', async (_, answer) => {
    const chat = scriptedChat(() => answer);
    const outcome = await explain(chat);
    expect(outcome).toMatchObject({ kind: 'bad_answer', usage: { calls: 2 } });
    expect(outcome.kind === 'bad_answer' && outcome.reasons.length).toBe(2);
    expect(chat.requests.length).toBe(2);
  });

  it('reads an answer that prose or a fence stands around', async () => {
    for (const text of ['Sure:\n```json\n{"explanation":"Taxes"}\n```', 'Here it is {or not}: {"explanation":"Taxes"}'])
      expect(await explain(scriptedChat(() => text))).toMatchObject({ kind: 'explained', text: 'Taxes' });
  });

  it('reports an endpoint without an answer and a spent budget, and throws when a setting is wrong', async () => {
    expect(await explain(scriptedChat(() => UPSTREAM.down))).toEqual({ kind: 'upstream', error: UPSTREAM.down });
    const spent = new AppError('budget_spent', 'The run has spent its money.');
    expect(await explain(scriptedChat(() => spent))).toEqual({ kind: 'upstream', error: spent });
    await expect(explain(scriptedChat(() => UPSTREAM.wrongKey))).rejects.toBe(UPSTREAM.wrongKey);
    await expect(explain(null)).rejects.toMatchObject({ code: 'invalid_config' });
  });

  it('takes notes when told to, and keeps them out of the phrase', async () => {
    const chat = scriptedChat((_, call) => (call === 0 ? '{"explanation":"Taxes"}' : '{"notes":"All are taxes.","explanation":"Taxes"}'));
    expect(await explain(chat, { reasoning: true })).toMatchObject({ kind: 'explained', text: 'Taxes', provenance: { calls: 2, maxTokens: 1000 } });
    expect(chat.requests[0]?.messages[0]?.content).toContain('"notes"');
    expect(last(chat.requests[0]?.messages.slice(0, 3))).toContain('"notes":"Marked: forty pounds');
  });
});
