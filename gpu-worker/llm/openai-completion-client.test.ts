import { afterEach, describe, expect, it } from 'vitest';
import { startChatEndpoint, type ChatEndpoint, type ChatEndpointOptions } from '#tests/doubles/chat-endpoint.ts';
import { createOpenAiCompletionClient } from './openai-completion-client.ts';

const open: ChatEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of open.splice(0)) await endpoint.close();
});

/** A server that echoes prompts, a letter a token: log-probability −its place, alternatives as many as asked for. */
const echo = (body: Record<string, unknown>, { prompt = true } = {}) => {
  const text = String(body['prompt']);
  const letters = [...text];
  const tops = letters.map((letter, i) =>
    i === 0 ? null : Object.fromEntries(Array.from({ length: Number(body['logprobs']) }, (_, k) => [k === 0 ? letter : `x${k}`, -k - 1])),
  );
  const tokens = prompt ? [...letters, '!'] : ['!'];
  return {
    choices: [
      {
        text: prompt ? `${text}!` : '!',
        index: 0,
        finish_reason: 'length',
        logprobs: prompt
          ? {
              tokens,
              token_logprobs: [null, ...letters.slice(1).map((_, i) => -i - 1), -0.5],
              top_logprobs: [...tops, { '!': -0.5 }],
              text_offset: tokens.map((_, i) => i),
            }
          : { tokens, token_logprobs: [-0.5], top_logprobs: [{ '!': -0.5 }], text_offset: [0] },
      },
    ],
    usage: { prompt_tokens: letters.length, completion_tokens: 1 },
  };
};

async function client(completions: (body: Record<string, unknown>) => unknown, options: Partial<ChatEndpointOptions> = {}) {
  const endpoint = await startChatEndpoint({ answer: () => '', routes: { '/completions': completions }, ...options });
  open.push(endpoint);
  return {
    endpoint,
    reader: createOpenAiCompletionClient({ baseUrl: endpoint.baseUrl, apiKey: null, model: endpoint.model, sleep: () => Promise.resolve() }),
  };
}

describe('a completion endpoint', () => {
  it('gives the tokens of prompts in their order, without what it wrote itself', async () => {
    const { endpoint, reader } = await client((body) => echo(body));
    const [first, second] = await reader.promptLogprobs(['abc', 'de'], { top: 2 });
    expect(first).toMatchObject({
      tokensIn: 3,
      tokens: [
        { token: 'a', logprob: null, top: [] },
        { token: 'b', logprob: -1, top: [{ token: 'b', logprob: -1 }, { token: 'x1', logprob: -2 }] },
        { token: 'c', logprob: -2, top: [{ token: 'c', logprob: -1 }, { token: 'x1', logprob: -2 }] },
      ],
    }); // prettier-ignore
    expect(second!.tokens.map(({ token }) => token).join('')).toBe('de');
    expect(endpoint.calls[0]!.body).toMatchObject({ prompt: 'abc', echo: true, logprobs: 2, max_tokens: 1, temperature: 0 });
    expect((await reader.promptLogprobs(['abc']))[0]!.tokens[1]).toEqual({ token: 'b', logprob: -1, top: [] });
    expect(await reader.capabilities()).toEqual({ promptLogprobs: true, maxTop: 20 });
  });

  it('is tried again where it fails for a while', async () => {
    const { reader } = await client((body) => echo(body), { misbehave: (call) => (call === 0 ? { kind: 'status', status: 503 } : null) });
    expect((await reader.promptLogprobs(['abc']))[0]!.tokens).toHaveLength(3);
  });

  it('that writes log-probabilities of its own words alone is said to give none', async () => {
    const { reader } = await client((body) => echo(body, { prompt: false }));
    expect(await reader.capabilities()).toEqual({ promptLogprobs: false, maxTop: 0 });
    await expect(reader.promptLogprobs(['abc'])).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('that allows fewer alternatives is asked for as many, once it has said so', async () => {
    let refused = 0;
    const { endpoint, reader } = await client((body) => echo(body), {
      misbehave: () => {
        const asked = Number(endpoint.calls.at(-1)!.body['logprobs']);
        return asked > 5 && ++refused ? { kind: 'status', status: 400, error: { message: 'logprobs must be at most 5', param: 'logprobs' } } : null;
      },
    });
    expect(await reader.capabilities()).toEqual({ promptLogprobs: true, maxTop: 5 });
    expect((await reader.promptLogprobs(['abc'], { top: 20 }))[0]!.tokens[1]!.top).toHaveLength(5);
    expect(refused).toBe(1);
  });
});
